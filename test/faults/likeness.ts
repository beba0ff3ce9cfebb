import assert from 'node:assert/strict'
import type { HttpResponse } from '../harness/http.ts'

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const instant = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/g
const changing = new Set(['date', 'x-ms-ratelimit-remaining-calls-per-second'])

/**
 * All that a client can tell an answer by, in one text: status, headers in the order sent, and body. What differs from
 * one answer to the next whatever was asked (ids, instants) is masked, and so are the words that the asker chose, if
 * they are long enough to be no part of others.
 */
export function appearance(response: HttpResponse, asked: readonly string[] = []): string {
  const headers = response.rawHeaders.flatMap((name, index, all) => {
    if (index % 2 === 1 || changing.has(name.toLowerCase())) return []
    return [`${name.toLowerCase()}: ${masked(all[index + 1] ?? '', asked)}`]
  })
  return [`status ${response.status}`, ...headers, '', masked(response.text(), asked)].join('\n')
}

function masked(text: string, asked: readonly string[]): string {
  const words = asked.filter((word) => word.length >= 4)
  const plain = words.reduce((all, word) => all.replaceAll(word, '<asked>'), text)
  return plain
    .replaceAll(guid, '<id>')
    .replaceAll(instant, '<instant>')
    .replaceAll(/\b\d{8}T\d{6}Z/g, '<instant>')
    .replaceAll(/(\/blobs\/uploads\/)[^?\s"]+/g, '$1<upload>')
    .replaceAll(/(_state=)[^&\s"]+/g, '$1<state>')
}

/** Holds that the answers cannot be told from one another; `asked` are the words that each asker chose. */
export function assertAlike(
  answers: Readonly<Record<string, { response: HttpResponse; asked?: readonly string[] }>>,
): void {
  const seen = Object.entries(answers).map(
    ([what, { response, asked }]) => [what, appearance(response, asked)] as const,
  )
  const [first, ...others] = seen
  for (const other of others) assert.equal(other[1], first?.[1], `${other[0]} does not look like ${first?.[0]}`)
}

/** How often two things are timed before they are held to take longer than one another. */
const mostAttempts = 2

/**
 * Holds that neither of two things takes so much longer than the other that a few requests would tell them apart. They are timed
 * so many times by turns, so that whatever else the machine does burdens both alike; the order within each turn changes too.
 * Who could tell them apart could do so each time, what the machine does beside it does not.
 */
export async function assertAsLong(
  turns: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<void> {
  const seen: string[] = []
  while (seen.length < mostAttempts) {
    const [ofOne, ofOther] = await timeByTurns(turns, one, other)
    if (Math.abs(ofOne - ofOther) < 1.5 + Math.min(ofOne, ofOther) / 2) return
    seen.push(`${ofOne.toFixed(2)} and ${ofOther.toFixed(2)} ms`)
  }
  assert.fail(`medians of ${seen.join(', ')}: they can be told apart`)
}

/** The medians of how long two things take, in milliseconds. */
async function timeByTurns(
  turns: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<[one: number, other: number]> {
  const timed = async (what: () => Promise<unknown>, into: number[]): Promise<void> => {
    const start = performance.now()
    await what()
    into.push(performance.now() - start)
  }
  const ones: number[] = []
  const others: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    if (turn % 2 === 0) await timed(one, ones)
    await timed(other, others)
    if (turn % 2 === 1) await timed(one, ones)
  }
  return [medianOf(ones), medianOf(others)]
}

function medianOf(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
