import assert from 'node:assert/strict'
import type { HttpResponse } from '../harness/http.ts'
import { processorMilliseconds } from '../harness/processor-time.ts'

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

/** Asserts that the responses cannot be distinguished; `asked` are the words that each caller chose. */
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
const mostAttempts = 3

/**
 * Holds that neither of two things takes so much longer than the other that a few requests would tell them apart: by the
 * clock, and much more closely by the processor time of the server, which a look-up more or less shows in. They are timed
 * so many times by turns, so that whatever else the machine does burdens both alike; the order within each turn changes too.
 * Who could tell them apart could do so each time, what the machine does beside it does not.
 */
export async function assertAsLong(
  server: { readonly pid: number },
  turns: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<void> {
  const seen: string[] = []
  while (seen.length < mostAttempts) {
    const [ofOne, ofOther] = await timeByTurns(server.pid, turns, one, other)
    const isAlike =
      Math.abs(ofOne.clockMs - ofOther.clockMs) < 1.5 + Math.min(ofOne.clockMs, ofOther.clockMs) / 2 &&
      Math.abs(ofOne.processorMs - ofOther.processorMs) <
        Math.min(ofOne.processorMs, ofOther.processorMs) * processorShare
    const show = ({ clockMs, processorMs }: Times) =>
      `${clockMs.toFixed(2)} ms (processor ${processorMs.toFixed(3)} ms)`
    seen.push(`${show(ofOne)} and ${show(ofOther)}`)
    if (isAlike) return
  }
  assert.fail(`medians of ${seen.join(', ')}: they can be told apart`)
}

/** How much more processor time one may take than the other. */
const processorShare = 0.1

type Times = { readonly clockMs: number; readonly processorMs: number }

/** The medians of how long two things take. */
async function timeByTurns(
  pid: number,
  turns: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<[one: Times, other: Times]> {
  const timed = async (what: () => Promise<unknown>, into: Times[]): Promise<void> => {
    const start = performance.now()
    const before = processorMilliseconds(pid)
    await what()
    into.push({ clockMs: performance.now() - start, processorMs: processorMilliseconds(pid) - before })
  }
  const ones: Times[] = []
  const others: Times[] = []
  for (let turn = 0; turn < turns; turn++) {
    if (turn % 2 === 0) await timed(one, ones)
    await timed(other, others)
    if (turn % 2 === 1) await timed(one, ones)
  }
  return [mediansOf(ones), mediansOf(others)]
}

function mediansOf(times: readonly Times[]): Times {
  const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  return {
    clockMs: median(times.map(({ clockMs }) => clockMs)),
    processorMs: median(times.map(({ processorMs }) => processorMs)),
  }
}
