import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { type Room, rooms, shelves } from './rooms.ts'

const source = import.meta.dirname
const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|new URL\(\s*['"](\.[^'"]+\.ts)['"]/g

type Import = { readonly from: string; readonly to: string }

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(importPattern)].flatMap((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? match[4]
    return target?.startsWith('.') === true ? [{ from: file, to: path.resolve(path.dirname(file), target) }] : []
  })
}

function roomOf(file: string): Room | undefined {
  const first = path.relative(source, file).split(path.sep)[0] ?? ''
  return first in rooms ? (first as Room) : undefined
}

/** The second implementations that answers are held against; they import nothing of the server. */
const oracle = path.resolve(source, '../../test/oracle') + path.sep

const isTest = (file: string) => file.endsWith('.test.ts') || path.basename(file).startsWith('test-')

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => path.join(source, name))
const imports = files.flatMap(importsOf)
const show = ({ from, to }: Import) => `${path.relative(source, from)} imports ${path.relative(source, to)}`

test('the table of rooms has arrows that point only up the page', () => {
  const order = Object.keys(rooms)
  for (const [room, allowed] of Object.entries(rooms)) {
    for (const other of allowed) assert.ok(order.indexOf(other) < order.indexOf(room), `${room} may import ${other}`)
  }
})

test('the walk over the sources has seen imports, type imports among them', () => {
  assert.ok(imports.length > 100, `${imports.length} imports`)
  assert.ok(imports.some(({ from, to }) => roomOf(from) === 'identity' && roomOf(to) === 'directory'))
})

test('a room imports only what its row allows', () => {
  const wrong = imports.filter(({ from, to }) => {
    const room = roomOf(from)
    const target = roomOf(to)
    if (room === undefined) return false
    if (target === undefined) return !(isTest(from) && to.startsWith(oracle))
    return room !== target && !rooms[room].includes(target)
  })
  assert.deepEqual(wrong.map(show), [])
})

test('a room that is no shelf is entered by its door, and by a test also where tests of the room begin', () => {
  const wrong = imports.filter(({ from, to }) => {
    const target = roomOf(to)
    if (target === undefined || target === roomOf(from) || shelves.includes(target)) return false
    const entrance = path.relative(path.join(source, target), to)
    return entrance !== 'index.ts' && !(isTest(from) && /^test-[a-z-]+\.ts$/.test(entrance))
  })
  assert.deepEqual(wrong.map(show), [])
})

test('the SQL of a room stands in its store files', () => {
  const builders = /\.(?:selectFrom|insertInto|updateTable|deleteFrom)\(/
  const wrong = files.filter((file) => {
    const room = roomOf(file)
    if (room === undefined || room === 'platform' || isTest(file)) return false
    return !/(?:^|-)(?:store|rows)\.ts$/.test(path.basename(file)) && builders.test(readFileSync(file, 'utf8'))
  })
  assert.deepEqual(
    wrong.map((file) => path.relative(source, file)),
    [],
  )
})
