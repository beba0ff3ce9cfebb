import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyChanges, genericChanges } from './generic-update.ts'

function changed(root: Record<string, unknown>, line: string, forceString?: true): Record<string, unknown> {
  applyChanges(root, genericChanges(line.split(' ')), forceString && { forceString })
  return root
}

test('the uses of generic options keep their order, and end at the next option', () => {
  assert.deepEqual(genericChanges('-n x --set a=1 b=2 -g y z --add l v --remove l -1 --set=c=3 d'.split(' ')), [
    { kind: 'set', words: ['a=1', 'b=2'] },
    { kind: 'add', words: ['l', 'v'] },
    { kind: 'remove', words: ['l', '-1'] },
    { kind: 'set', words: ['c=3'] },
  ])
})

test('generic changes set, add and remove what their paths name', () => {
  const cases: readonly (readonly [root: Record<string, unknown>, line: string, result: object])[] = [
    [{}, '--set a=1 b=x c=true d=[1] e=None', { a: 1, b: 'x', c: true, d: [1], e: null }],
    [{ tags: null }, '--set tags.team=app', { tags: { team: 'app' } }],
    [{ a: [{ k: 'x', v: 1 }] }, '--set a[k=x].v=2 a[0].w=y=z', { a: [{ k: 'x', v: 2, w: 'y=z' }] }],
    [{ a: [1, 2] }, '--set a[1]=3', { a: [1, 3] }],
    [{ a: null }, '--add a x 2 k=v l=w', { a: ['x', 2, { k: 'v', l: 'w' }] }],
    [{ a: { b: 1, c: 2 } }, '--remove a.b', { a: { c: 2 } }],
    [{ a: [1, 2] }, '--remove a 0', { a: [2] }],
    [{ a: [1], b: 1 }, '--remove a --remove b', { a: [], b: null }],
    [{}, '--set a={} --set a.b=1 --remove a.b --set a.c=2', { a: { c: 2 } }],
  ]
  for (const [root, line, result] of cases) assert.deepEqual(changed(root, line), result, line)
  assert.deepEqual(changed({}, '--set a=1', true), { a: '1' })
})

test('a generic change of something that does not exist fails, and lists the available options', () => {
  const cases: readonly (readonly [root: Record<string, unknown>, line: string, message: RegExp])[] = [
    [{ a: {} }, '--set a.b.c=1', /Couldn't find 'b' in 'a.b'|Couldn't find 'b' in 'a'/],
    [{ b: 1 }, '--set a.b=1', /Couldn't find 'a' in ''. Available options: \['b'\]/],
    [{ a: null }, '--set a.b.c=1', /'a' does not support further indexing/],
    [{ a: [] }, '--set a.b=1', /index into the collection 'a'/],
    [{ a: [] }, '--set a[0]=1', /index 0 doesn't exist/],
    [{ a: [{ k: 1 }, { k: 1 }] }, '--set a[k=1].v=1', /non-unique key 'k'/],
    [{ a: [{ k: 1 }] }, '--set a[k=2].v=1', /item with value '2' doesn't exist for key 'k'/],
    [{ a: 1 }, '--add a x', /invalid syntax: --add/],
    [{ a: 1 }, '--remove a 0', /a doesn't exist/],
    [{ a: [1] }, '--remove a 3', /index 3 doesn't exist on a/],
    [{}, '--set =1', /Empty key in --set/],
  ]
  for (const [root, line, message] of cases) assert.throws(() => changed(root, line), message, line)
})

test('only a property that the object lacks is reported', () => {
  const seen: string[] = []
  applyChanges({ a: null }, genericChanges(['--set', 'a=1', 'b=2']), { warnUnknown: (name) => seen.push(name) })
  assert.deepEqual(seen, ['b'])
})
