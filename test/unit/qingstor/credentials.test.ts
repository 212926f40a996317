import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LsyncdError } from '../../../src/core/errors.js';
import type { QingStorAccount } from '../../../src/qingstor/account.js';
import { loadCredentials, type CredentialOptions } from '../../../src/qingstor/credentials.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'credentials-'));
});
afterEach(() => rm(home, { recursive: true }));

const put = async (path: string, text: string, mode = 0o600): Promise<string> => {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
};
const keys = (id: string) => `access_key_id: ${id}\nsecret_access_key: secret-of-${id}\n`;
const load = (options: Partial<CredentialOptions> = {}): Promise<QingStorAccount> =>
  loadCredentials({ env: {}, home, cwd: home, ...options });
const failure = async (call: Promise<unknown>): Promise<LsyncdError> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LsyncdError) return error;
  throw new Error('no LsyncdError', { cause: error });
};
/** Whose keys an account has. */
const idOf = (account: QingStorAccount): string => account.authorize('x').replace(/^QS (.*):.*$/, '$1');

describe('the search for credentials', () => {
  it('takes the first of the usual files that holds both keys', async () => {
    await put('.config/qingstor/config.yaml', keys('third'));
    expect(idOf(await load())).toBe('third');
    await put('.qingcloud/config.yaml', keys('second'));
    expect(idOf(await load())).toBe('second');
    await put('.qingstor/config.yaml', 'zone: pek3a\naccess_key_id: alone\n');
    expect(idOf(await load())).toBe('second');
    const file = await put('.qingstor/config.yaml', keys('first'));
    const account = await load();
    expect(idOf(account)).toBe('first');
    expect(account.source).toBe(file);
  });

  it('looks at a named file only, absolute, relative or from home', async () => {
    await put('.qingstor/config.yaml', keys('usual'));
    const file = await put('my/qs.yaml', keys('named'));
    for (const configFile of [file, 'my/qs.yaml', '~/my/qs.yaml'])
      expect(idOf(await load({ configFile }))).toBe('named');
    expect(idOf(await load({ env: { QINGSTOR_CONFIG_PATH: file } }))).toBe('named');
    await put('my/qs.yaml', 'zone: x\n');
    expect((await failure(load({ configFile: file }))).code).toBe('LSY_QS_CREDENTIALS');
  });

  it('lets the environment win over files, but not over -c', async () => {
    const file = await put('.qingstor/config.yaml', `${keys('file')}zone: file\nhost: file.test\n`);
    const env = {
      QINGSTOR_ACCESS_KEY_ID: 'env',
      QINGSTOR_SECRET_ACCESS_KEY: 's',
      QINGSTOR_ZONE: 'env',
    };
    const account = await load({ env });
    expect([idOf(account), account.zone, account.host]).toEqual(['env', 'env', 'file.test']);
    expect(account.source).toBe('the environment');
    const named = await load({ env, configFile: file });
    expect([idOf(named), named.zone]).toEqual(['file', 'file']);
  });

  it('knows both prefixes and the old names of the keys', async () => {
    const qsctl = { QSCTL_ACCESS_KEY_ID: 'q', QSCTL_SECRET_ACCESS_KEY: 's' };
    expect(idOf(await load({ env: qsctl }))).toBe('q');
    await put('.qingcloud/config.yaml', "qy_access_key_id: 'old'\nqy_secret_access_key: 'x'\n");
    expect(idOf(await load())).toBe('old');
  });

  it('takes both keys from one place where one has both', async () => {
    await put('.qingstor/config.yaml', keys('file'));
    const account = await load({ env: { QINGSTOR_ACCESS_KEY_ID: 'half' } });
    expect(idOf(account)).toBe('file');
    expect(account.redact('secret-of-file')).toBe('***');
  });

  it('puts two halves together', async () => {
    await put('.qingstor/config.yaml', 'secret_access_key: s3\n');
    expect(idOf(await load({ env: { QINGSTOR_ACCESS_KEY_ID: 'half' } }))).toBe('half');
  });

  it('lets the zone of the sync win over all', async () => {
    await put('.qingstor/config.yaml', `${keys('a')}zone: file\n`);
    expect((await load({ zone: 'own', env: { QINGSTOR_ZONE: 'env' } })).zone).toBe('own');
  });

  it('does without a home directory', async () => {
    const env = { QINGSTOR_ACCESS_KEY_ID: 'env', QINGSTOR_SECRET_ACCESS_KEY: 's' };
    expect(idOf(await load({ home: undefined, env }))).toBe('env');
    const error = await failure(load({ home: undefined, configFile: '~/x' }));
    expect(error.shown).toContain('HOME is not set');
  });
});

describe('a config file', () => {
  it('gives all settings', async () => {
    await put(
      '.qingstor/config.yaml',
      `${keys('a')}host: qs.test\nport: 8080\nprotocol: http\nzone: pek3a\nendpoint: ''\n` +
        'connection_retries: 7\ntimeout: 1.5\nenable_virtual_host_style: yes\nlog_level: warn\n',
    );
    expect(await load()).toMatchObject({
      host: 'qs.test',
      port: 8080,
      protocol: 'http',
      zone: 'pek3a',
      endpoint: undefined,
      retries: 7,
      timeoutMs: 1500,
      virtualHostStyle: true,
      warnings: [],
    });
  });

  it('keeps keys of digits, quotes and odd forms as they are written', async () => {
    for (const [text, id] of [
      ['access_key_id: 0123456789\nsecret_access_key: 1e5', '0123456789'],
      ['ACCESS_KEY_ID: "quo: ted"\nsecret_access_key: \'x\'', 'quo: ted'],
      ['# comment\n{access_key_id: flow, secret_access_key: x}', 'flow'],
      ['\ufeffaccess_key_id: bom\nsecret_access_key: x\r\n', 'bom'],
      ['access_key_id: &a anchored\nsecret_access_key: *a', 'anchored'],
    ] as const) {
      await put('.qingstor/config.yaml', text);
      expect(idOf(await load()), text).toBe(id);
    }
  });

  it.each([
    ['port: 0', 'port must be a whole number from 1 to 65535'],
    ['port: 80x', 'port must be'],
    ['protocol: ftp', 'protocol must be http or https'],
    ['connection_retries: -1', 'connection_retries must be'],
    ['timeout: soon', 'timeout must be a number of seconds'],
    ['enable_virtual_style: perhaps', 'must be true or false'],
  ])('is refused with %s', async (line, message) => {
    const file = await put('.qingstor/config.yaml', `${keys('a')}${line}\n`);
    const error = await failure(load());
    expect(error.code).toBe('LSY_QS_CONFIG');
    expect(error.message).toContain(`${file}: `);
    expect(error.message).toContain(message);
  });

  it.each([
    ['access_key_id: "TOPSECRET', 'not valid YAML'],
    ['a: b: TOPSECRET', 'not valid YAML'],
    ['- TOPSECRET', 'not a list of "name: value" lines'],
    ['TOPSECRET', 'not a list of "name: value" lines'],
    ['a: &x [TOPSECRET]\nb: &y [*x,*x,*x,*x]\nc: [*y,*y,*y,*y,*y,*y]', 'not valid YAML (aliases)'],
  ])('that makes no sense is refused without being quoted: %j', async (text, message) => {
    await put('.qingstor/config.yaml', text);
    const error = await failure(load());
    expect(error.message).toContain(message);
    expect(inspect(error)).not.toContain('TOPSECRET');
  });

  it('must be a readable file of sane size when it is named', async () => {
    expect((await failure(load({ configFile: 'nothing' }))).shown).toMatch(/ENOENT \(-c must name/);
    expect((await failure(load({ env: { QINGSTOR_CONFIG_PATH: 'no' } }))).shown).toContain(
      'QINGSTOR_CONFIG_PATH must name',
    );
    expect((await failure(load({ configFile: home }))).message).toContain('not a regular file');
    const large = await put('large', '#'.repeat(1024 * 1024 + 1));
    expect((await failure(load({ configFile: large }))).message).toContain('too large');
  });

  it('that others can read gives a warning', async () => {
    for (const mode of [0o644, 0o640, 0o604]) {
      const file = await put('.qingstor/config.yaml', keys('a'), mode);
      expect((await load()).warnings).toEqual([
        `${file} holds a secret key and can be read by other users; chmod 600 ${file}`,
      ]);
    }
    await put('.qingstor/config.yaml', keys('a'), 0o600);
    expect((await load()).warnings).toEqual([]);
  });
});

describe('missing credentials', () => {
  it('tell what is missing, where it was looked for and what to do', async () => {
    const file = await put('.qingstor/config.yaml', 'access_key_id: TOPSECRET\n');
    const error = await failure(load());
    expect(error.code).toBe('LSY_QS_CREDENTIALS');
    expect(error.message).toContain('no QingStor credentials: secret_access_key missing');
    expect(error.message).toContain(`${file}: incomplete`);
    expect(error.message).toContain(`${home}/.qingcloud/config.yaml: no such file`);
    expect(error.message).toContain('environment: incomplete');
    expect(error.remedy).toContain('QINGSTOR_ACCESS_KEY_ID');
    expect(inspect(error)).not.toContain('TOPSECRET');
    expect((await failure(load({ configFile: file }))).remedy).toBe('put secret_access_key into that file');
  });
});

describe('an account', () => {
  it('shows its keys nowhere', async () => {
    await put('.qingstor/config.yaml', 'access_key_id: IDENTITY\nsecret_access_key: TOPSECRET\n');
    const account = await load();
    for (const shown of [inspect(account, { depth: 9, showHidden: true }), JSON.stringify(account)])
      expect(shown).not.toMatch(/IDENTITY|TOPSECRET/);
    expect(account.authorize('text')).not.toContain('TOPSECRET');
    expect(account.redact('the key IDENTITY with TOPSECRET, TOPSECRET')).toBe('the key *** with ***, ***');
  });
});
