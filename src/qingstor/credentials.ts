import { open } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { LsyncdError } from '../core/errors.js';
import { QingStorAccount, type Protocol } from './account.js';

export interface CredentialOptions {
  /** `-c` of a command, or the `config` of a sync. */
  readonly configFile?: string;
  /** Wins over file and environment. */
  readonly zone?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: there is no home directory. */
  readonly home: string | undefined;
  /** For a relative configFile. */
  readonly cwd: string;
}

/** Settings of one place, by name in lower case; none is empty. */
type Layer = ReadonlyMap<string, string>;

/** A file that was looked at; no layer: there is none. */
interface Looked {
  readonly path: string;
  readonly layer: Layer | undefined;
  readonly warnings: readonly string[];
}

/** What named the only file to look at. */
type Explicit = '-c' | 'QINGSTOR_CONFIG_PATH' | undefined;

interface KeyPair {
  readonly id: string | undefined;
  readonly secret: string | undefined;
}

const aliases = {
  access_key_id: ['access_key_id', 'qy_access_key_id'],
  secret_access_key: ['secret_access_key', 'qy_secret_access_key'],
  virtual: ['enable_virtual_host_style', 'enable_virtual_style'],
};
const environmentNames = [
  ...aliases.access_key_id,
  ...aliases.secret_access_key,
  ...aliases.virtual,
  'endpoint',
  'host',
  'port',
  'protocol',
  'zone',
  'connection_retries',
  'timeout',
];
const largestFile = 1024 * 1024;

/**
 * Finds the account as qsctl 1.x and 2.x do (spec/qingstor.md, "Configuration file"). A file named by `-c` or
 * QINGSTOR_CONFIG_PATH is the only one looked at; otherwise the first of the usual files that holds both keys.
 * Precedence: `-c` file, environment, file found; both keys are taken from one place where one has both.
 * @throws LsyncdError LSY_QS_CREDENTIALS (nothing found: which files, which key), LSY_QS_CONFIG (a file or value
 * that cannot be used). Neither ever holds a key.
 */
export async function loadCredentials(options: CredentialOptions): Promise<QingStorAccount> {
  const { candidates, explicit } = configFiles(options);
  const looked: Looked[] = [];
  for (const path of candidates) {
    const file = await readLayer(path, explicit);
    looked.push(file);
    if (file.layer !== undefined && hasBothKeys(file.layer)) break;
  }
  const file = chosenFile(looked);
  const env = environmentLayer(options.env);
  const layers = (explicit === '-c' ? [file?.layer, env] : [env, file?.layer]).filter((l) => l !== undefined);
  const keys = keyPair(layers);
  if (keys.id === undefined || keys.secret === undefined) throw missingKeys(looked, keys, explicit);
  const where = file?.path ?? 'the environment';
  const value = (name: string): string | undefined => firstOf(layers, [name]);
  return new QingStorAccount({
    accessKeyId: keys.id,
    secretAccessKey: keys.secret,
    ...optional('endpoint', value('endpoint')),
    ...optional('host', value('host')),
    ...optional('port', integer('port', value('port'), 1, 65535, where)),
    ...optional('protocol', protocol(value('protocol'), where)),
    ...optional('zone', options.zone ?? value('zone')),
    ...optional('retries', integer('connection_retries', value('connection_retries'), 0, 100, where)),
    ...optional('timeoutMs', seconds(value('timeout'), where)),
    virtualHostStyle: flag(firstOf(layers, aliases.virtual), where),
    source:
      layers.find((l) => firstOf([l], aliases.access_key_id) !== undefined) === env
        ? 'the environment'
        : where,
    warnings: file?.warnings ?? [],
  });
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

function configFiles({ configFile, env, home, cwd }: CredentialOptions): {
  readonly candidates: readonly string[];
  readonly explicit: Explicit;
} {
  const expand = (path: string): string => {
    if (path === '~' || path.startsWith('~/')) {
      if (home === undefined)
        throw new LsyncdError(
          'LSY_QS_CONFIG',
          `cannot expand ${path}: HOME is not set`,
          'give an absolute path',
        );
      return join(home, path.slice(1));
    }
    return isAbsolute(path) ? path : resolve(cwd, path);
  };
  if (configFile !== undefined && configFile !== '')
    return { candidates: [expand(configFile)], explicit: '-c' };
  const named = env['QINGSTOR_CONFIG_PATH'];
  if (named !== undefined && named !== '')
    return { candidates: [expand(named)], explicit: 'QINGSTOR_CONFIG_PATH' };
  const homely = ['.qingstor/config.yaml', '.qingcloud/config.yaml', '.config/qingstor/config.yaml'];
  return {
    candidates: [
      ...(home === undefined ? [] : homely.map((path) => join(home, path))),
      '/etc/qingstor/config.yaml',
    ],
    explicit: undefined,
  };
}

async function readLayer(path: string, explicit: Explicit): Promise<Looked> {
  let text: string;
  let mode: number;
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new LsyncdError('LSY_QS_CONFIG', `${path} is not a regular file`);
      if (stat.size > largestFile)
        throw new LsyncdError(
          'LSY_QS_CONFIG',
          `${path} is too large for a QingStor config file (${stat.size} bytes)`,
        );
      mode = stat.mode;
      text = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof LsyncdError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if ((code === 'ENOENT' || code === 'ENOTDIR') && explicit === undefined)
      return { path, layer: undefined, warnings: [] };
    const remedy =
      code === 'EACCES'
        ? 'let the user lsyncd-ts runs as read it'
        : `${explicit ?? 'the path'} must name qsctl's config file; an absolute path works from any directory`;
    throw new LsyncdError('LSY_QS_CONFIG', `cannot read the QingStor config file ${path}: ${code}`, remedy);
  }
  const warnings =
    (mode & 0o044) === 0
      ? []
      : [`${path} holds a secret key and can be read by other users; chmod 600 ${path}`];
  return { path, layer: parseLayer(path, text), warnings };
}

/** YAML with every scalar as text, so that keys made of digits stay what they are. */
function parseLayer(path: string, text: string): Layer {
  const lines = new LineCounter();
  // Pretty errors quote the source, which may hold a key: only code and position are shown.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false, lineCounter: lines });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new LsyncdError('LSY_QS_CONFIG', `${path}:${line}:${col}: not valid YAML (${problem.code})`);
  }
  let content: unknown;
  try {
    content = document.toJS({ mapAsMap: true, maxAliasCount: 10 });
  } catch {
    throw new LsyncdError('LSY_QS_CONFIG', `${path}: not valid YAML (aliases)`);
  }
  if (content === null || content === '' || content === undefined) return new Map();
  if (!(content instanceof Map))
    throw new LsyncdError('LSY_QS_CONFIG', `${path}: not a list of "name: value" lines`);
  const layer = new Map<string, string>();
  for (const [name, value] of content as Map<unknown, unknown>)
    if (typeof name === 'string' && typeof value === 'string' && value.trim() !== '')
      layer.set(name.toLowerCase(), value.trim());
  return layer;
}

function environmentLayer(env: CredentialOptions['env']): Layer {
  const layer = new Map<string, string>();
  for (const name of environmentNames)
    for (const prefix of ['QSCTL_', 'QINGSTOR_']) {
      const value = env[prefix + name.toUpperCase()]?.trim();
      if (value !== undefined && value !== '') layer.set(name, value);
    }
  return layer;
}

function firstOf(layers: readonly Layer[], names: readonly string[]): string | undefined {
  for (const layer of layers)
    for (const name of names) {
      const value = layer.get(name);
      if (value !== undefined) return value;
    }
  return undefined;
}

function hasBothKeys(layer: Layer): boolean {
  return (
    firstOf([layer], aliases.access_key_id) !== undefined &&
    firstOf([layer], aliases.secret_access_key) !== undefined
  );
}

function chosenFile(looked: readonly Looked[]): (Looked & { readonly layer: Layer }) | undefined {
  const present = looked.filter(
    (file): file is Looked & { readonly layer: Layer } => file.layer !== undefined,
  );
  const someKey = (file: { readonly layer: Layer }): boolean =>
    firstOf([file.layer], [...aliases.access_key_id, ...aliases.secret_access_key]) !== undefined;
  return present.find((file) => hasBothKeys(file.layer)) ?? present.find(someKey) ?? present[0];
}

function keyPair(layers: readonly Layer[]): KeyPair {
  const both = layers.find(hasBothKeys);
  const from = both === undefined ? layers : [both];
  return { id: firstOf(from, aliases.access_key_id), secret: firstOf(from, aliases.secret_access_key) };
}

function missingKeys(looked: readonly Looked[], keys: KeyPair, explicit: Explicit): LsyncdError {
  const missing = [
    ...(keys.id === undefined ? ['access_key_id'] : []),
    ...(keys.secret === undefined ? ['secret_access_key'] : []),
  ].join(' and ');
  const files = looked.map(
    (file) => `${file.path}: ${file.layer === undefined ? 'no such file' : 'incomplete'}`,
  );
  return new LsyncdError(
    'LSY_QS_CREDENTIALS',
    `no QingStor credentials: ${missing} missing; looked at ${[...files, 'environment: incomplete'].join('; ')}`,
    explicit === undefined
      ? `put ${missing} into ~/.qingstor/config.yaml or set QINGSTOR_ACCESS_KEY_ID and QINGSTOR_SECRET_ACCESS_KEY`
      : `put ${missing} into that file`,
  );
}

function invalid(name: string, wanted: string, where: string): LsyncdError {
  return new LsyncdError('LSY_QS_CONFIG', `${where}: ${name} must be ${wanted}`);
}

function integer(
  name: string,
  value: string | undefined,
  min: number,
  max: number,
  where: string,
): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) throw invalid(name, `a whole number from ${min} to ${max}`, where);
  return number;
}

function seconds(value: string | undefined, where: string): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d{1,6}(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw invalid('timeout', 'a number of seconds', where);
  return number === 0 ? undefined : number * 1000;
}

function protocol(value: string | undefined, where: string): Protocol | undefined {
  if (value === undefined || value === 'http' || value === 'https') return value;
  throw invalid('protocol', 'http or https', where);
}

function flag(value: string | undefined, where: string): boolean {
  if (value === undefined) return false;
  if (/^(true|yes|on|1)$/i.test(value)) return true;
  if (/^(false|no|off|0)$/i.test(value)) return false;
  throw invalid('enable_virtual_host_style', 'true or false', where);
}
