import { describe, expect, it } from 'vitest';
import { asBytes, fromText } from '../../../src/core/bytes.js';
import { fillWords, parseLayer3, shellCommand, type Lookup } from '../../../src/config/layer3.js';

const lookup: Lookup = (field, end) => asBytes(`<${end === 'destination' ? 'd.' : ''}${field}>`);

function words(text: string): string[] {
  const command = parseLayer3(fromText(text));
  if (command.form !== 'binary') throw new Error('expected the binary form');
  return fillWords(command, lookup);
}

function shell(text: string) {
  const command = parseLayer3(fromText(text));
  if (command.form !== 'shell') throw new Error('expected the shell form');
  return shellCommand(command, lookup);
}

describe('layer 3, binary form', () => {
  it.each([
    ['/bin/cp ^sourcePathname ^target', ['/bin/cp', '<sourcePathname>', '<target>']],
    ['  /bin/x a  b ', ['/bin/x', 'a', 'b']],
    ['/bin/x "two words" c', ['/bin/x', '"two words"', 'c']],
    ['/bin/x --to=^targetPathdir/y', ['/bin/x', '--to=<targetPathdir>/y']],
    ['/bin/x x^pathname-^pathname.bak', ['/bin/x', 'x<pathname>-<pathname>.bak']],
    ["/bin/x it's; true", ['/bin/x', "it's;", 'true']],
    ['/bin/mv ^o.targetPath ^d.targetPath', ['/bin/mv', '<targetPath>', '<d.targetPath>']],
    ['/bin/x a\tb', ['/bin/x', 'a\tb']],
  ])('%s', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });
});

describe('layer 3, shell form', () => {
  it('makes each variable a quoted positional parameter', () => {
    expect(shell('cp ^sourcePathname "^target"; ls')).toEqual({
      script: 'cp "$1" ""$2""; ls',
      args: ['<sourcePathname>', '<target>'],
      shown: 'cp <sourcePathname> "<target>"; ls',
    });
  });

  it('has room for ten and more', () => {
    const { script, args } = shell(Array.from({ length: 11 }, () => '^path').join(' x '));
    expect(script).toContain('"$9" x "${10}" x "${11}"');
    expect(args).toHaveLength(11);
  });

  it('drops a leading ^ that is no variable', () => {
    expect(shell('^/bin/ls | cat').script).toBe('/bin/ls | cat');
    expect(shell('^path').script).toBe('"$1"');
  });

  it('takes the longest name', () => {
    expect(shell('^pathdirx ^sourcePathdir ^path').args).toEqual(['<pathdir>', '<sourcePathdir>', '<path>']);
  });
});
