import { describe, expect, it } from 'vitest';
import { DelayQueue } from '../../../src/core/queue.js';
import { event, find, queueOf, shown, states, texts, whats, whole } from './delay-shorthand.js';

describe('sequences of events become these callbacks (spec/events.md)', () => {
  it.each<[string, string, string]>([
    ['echo a > f', 'Create f; Modify f', 'Create f; Modify f'],
    ['echo a > f; echo b >> f', 'Create f; Modify f; Modify f', 'Create f; Modify f'],
    ['echo a > f; rm f', 'Create f; Modify f; Delete f', 'Create f; Modify f; Delete f'],
    ['rm f; echo n > f', 'Delete f; Create f; Modify f', 'Create f; Modify f'],
    ['chmod twice', 'Attrib f; Attrib f', 'Attrib f'],
    ['mv f g', 'Move f g', 'Move f g'],
    ['echo z >> f; mv f g', 'Modify f; Move f g', 'Modify f; Delete f; Create g'],
    ['mv f g; echo z >> g', 'Move f g; Modify g', 'Move f g; Modify g'],
    ['mv f g; rm g', 'Move f g; Delete g', 'Delete f; Delete g'],
    ['mv f g; touch g anew', 'Move f g; Create g; Modify g', 'Delete f; Create g; Modify g'],
    ['mv f g; mv g h', 'Move f g; Move g h', 'Delete f; Delete g; Create h'],
    ['rm -r d', 'Delete d/f; Delete d/', 'Delete d/f; Delete d/'],
    ['mv d e', 'Move d/ e/', 'Move d/ e/'],
    ['echo z >> d/f; mv d e', 'Modify d/f; Move d/ e/', 'Modify d/f; Delete d/; Create e/'],
    [
      'mkdir -p a/b/c; echo 1 > a/b/c/f',
      'Create a/; Create a/b/; Create a/b/c/; Create a/b/c/f; Modify a/b/c/f',
      'Create a/; Create a/b/; Create a/b/c/; Create a/b/c/f; Modify a/b/c/f',
    ],
    ['swap a and b through t', 'Move a t; Move b a; Move t b', 'Delete a; Create b; Create a; Delete t'],
    ['Modify, Attrib, Modify stay apart', 'Modify f; Attrib f; Modify f', 'Modify f; Attrib f; Modify f'],
    [
      'a directory’s event is not merged past one below',
      'Attrib d/; Modify d/f; Attrib d/',
      'Attrib d/; Modify d/f; Attrib d/',
    ],
    ['nor past one above', 'Modify d/f; Attrib d/; Modify d/f', 'Modify d/f; Attrib d/; Modify d/f'],
    ['rm d; a file of that name', 'Delete d/; Create d; Modify d', 'Delete d/; Create d; Modify d'],
    ['rm f; a directory of that name', 'Delete f; Create f/', 'Delete f; Create f/'],
    ['rm -r d; mkdir d', 'Delete d/; Create d/', 'Delete d/; Create d/'],
    ['a new file again and again', 'Create f; Delete f; Create f; Delete f; Create f', 'Create f'],
    ['Modify before a Delete stays', 'Modify f; Delete f; Create f', 'Modify f; Create f'],
    [
      'a Create stays when something is between',
      'Create d/f; Attrib d/; Delete d/f; Create d/f',
      'Create d/f; Attrib d/; Create d/f',
    ],
    ['mv d e; a file inside', 'Move d/ e/; Create e/f', 'Move d/ e/; Create e/f'],
    ['mv d into itself (a wrong event)', 'Move d/ d/e/', 'Delete d/; Create d/e/'],
  ])('%s', (_, events, callbacks) => {
    expect(texts(queueOf(...events.split('; ')))).toEqual(callbacks.split('; '));
  });

  it('split every move when the sync has no onMove', () => {
    const queue = new DelayQueue({ moves: false });
    const { steps, delay, scan } = queue.enter(event('Move d/ e/'), 0);
    expect(texts(queue)).toEqual(['Delete d/', 'Create e/']);
    expect(whats(steps)).toEqual(['split', 'new', 'new']);
    expect(shown(delay)).toBe('Create e/');
    expect(scan).toEqual(['/e/']);
    expect(queue.enter(event('Move f g'), 0).scan).toEqual([]);
  });
});

describe('a new delay', () => {
  it.each<[string, string, string]>([
    ['Modify f', 'Attrib f', 'block Attrib f'],
    ['Modify f', 'Create g', 'wait Create g'],
    ['Modify f', 'Create ff', 'wait Create ff'],
    ['Create d/', 'Create d/f', 'block Create d/f'],
    ['Create d/', 'Create d/e/f', 'block Create d/e/f'],
    ['Create d/', 'Create dd/', 'wait Create dd/'],
    ['Delete d/e/f', 'Delete d/', 'block Delete d/'],
    ['Delete d/', 'Create d', 'block Create d'],
    ['Move f g', 'Create f', 'block Create f'],
    ['Move f g', 'Modify g', 'block Modify g'],
    ['Move d/ e/', 'Create d/x', 'block Create d/x'],
    ['Move d/ e/', 'Delete e/x', 'block Delete e/x'],
    ['Move a/b c/d', 'Attrib a/', 'block Attrib a/'],
    ['Move a/b c/d', 'Attrib c/', 'block Attrib c/'],
    ['Move a/b c/d', 'Attrib c/e', 'wait Attrib c/e'],
    ['Move f g', 'Move h i', 'wait Move h i'],
  ])('after %s, %s: %s', (before, after, state) => {
    expect(states(queueOf(before, after)).at(-1)).toBe(state);
  });

  it.each(['Move f x', 'Move x f', 'Move d/ x/', 'Move x/ d/'])(
    '%s is split by what its ends touch',
    (move) => {
      const queue = queueOf('Modify f', 'Modify d/e/f', move);
      expect(texts(queue).at(-1)).toMatch(/^Create /);
      expect(texts(queue)).not.toContain(move);
    },
  );

  it('has its alarm by the delay of the sync, none for Init, Blanket and Full', () => {
    const queue = queueOf();
    expect(queue.enter(event('Modify f'), 500).delay.alarm).toBe(2_500);
    for (const input of whole) expect(queue.enter(input, 600).delay.alarm).toBe(600);
    expect(new DelayQueue({ moves: true }).enter(event('Modify f'), 500).delay.alarm).toBe(500);
  });

  it('merged or replacing keeps the first one’s alarm and place', () => {
    const queue = queueOf('Modify f', 'Delete g', 'Modify h');
    expect(queue.enter(event('Modify f'), 900).delay).toBe(find(queue, 'Modify f'));
    const { delay, steps } = queue.enter(event('Create g'), 900);
    expect([delay.alarm, delay.seq, whats(steps)]).toEqual([2_000, 2, ['replace']]);
    expect(texts(queue)).toEqual(['Modify f', 'Create g', 'Modify h']);
  });

  it('is not merged into an active one, nor past something between', () => {
    const queue = queueOf('Modify d/f');
    queue.start([...queue]);
    queue.enter(event('Modify d/f'), 0);
    queue.enter(event('Delete d/'), 0);
    queue.enter(event('Modify d/f'), 0);
    expect(states(queue)).toEqual([
      'active Modify d/f',
      'block Modify d/f',
      'block Delete d/',
      'block Modify d/f',
    ]);
    queue.enter({ kind: 'Blanket' }, 0);
    queue.enter(event('Modify d/f'), 0);
    expect(queue.length).toBe(6);
  });

  it('waits behind an active Delete of its file', () => {
    const queue = queueOf('Delete f');
    queue.start([...queue]);
    queue.enter(event('Create f'), 0);
    expect(states(queue)).toEqual(['active Delete f', 'block Create f']);
  });

  it('does not turn an active move', () => {
    const queue = queueOf('Move f g');
    queue.start([...queue]);
    queue.enter(event('Create g'), 0);
    expect(states(queue)).toEqual(['active Move f g', 'block Create g']);
  });

  it('tells what became of it', () => {
    const queue = queueOf();
    const said = (text: string) =>
      queue.enter(event(text), 0).steps.map(({ what, delay }) => `${what} ${delay ? shown(delay) : '-'}`);
    expect(said('Move f g')).toEqual(['new Move f g']);
    expect(said('Modify g')).toEqual(['block Modify g']);
    expect(said('Modify g')).toEqual(['merge Modify g']);
    expect(said('Move h i')).toEqual(['new Move h i']);
    expect(said('Delete i')).toEqual(['turn Delete h', 'block Delete i']);
    expect(said('Create i')).toEqual(['replace Create i']);
    expect(said('Move g h')).toEqual(['split -', 'block Delete g', 'replace Create h']);
  });

  it('asks for a scan when a directory came by a move that is none any more', () => {
    const queue = queueOf('Move d/ e/');
    expect(queue.enter(event('Create e/'), 0).scan).toEqual(['/e/']);
    expect(queue.enter(event('Move x/ d/'), 0).scan).toEqual(['/d/']);
    expect(queue.enter(event('Delete e/'), 0).scan).toEqual([]);
  });
});
