import assert from 'node:assert/strict'
import type { HttpResponse } from '../harness/http.ts'
import { processorMilliseconds } from '../harness/processor-time.ts'

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const instant = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/g
const changing = new Set(['date', 'x-ms-ratelimit-remaining-calls-per-second'])

/**
 * Everything by which a client can distinguish a response, in one text: status, headers in the order sent, and body.
 * Values that differ in every response (ids, times) are masked, and so are the words that the caller chose, if they
 * are long enough not to be parts of other words.
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

/** How often two things are timed before the test reports that their times differ. */
const mostAttempts = 3

/**
 * Asserts that a few requests cannot distinguish two cases by their duration: by the clock, and much more precisely
 * by the processor time of the server, which shows a single additional lookup. The two are timed in pairs, in
 * changing order,
 * and each pair is compared by itself: the server becomes several times faster while its code is compiled, and a median
 * over that time depends on when it happened.
 */
export async function assertAsLong(
  server: { readonly pid: number },
  turns: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<void> {
  const seen: string[] = []
  while (seen.length < mostAttempts) {
    const { differenceMs, shorterMs, processorRatio } = await comparePairs(server.pid, turns, one, other)
    seen.push(`${differenceMs.toFixed(2)} ms longer, ${processorRatio.toFixed(3)} times the processor time`)
    const isAlike =
      Math.abs(differenceMs) < 1.5 + shorterMs / 2 && Math.max(processorRatio, 1 / processorRatio) < mostProcessorRatio
    if (isAlike) return
  }
  assert.fail(`medians of ${turns} pairs: ${seen.join('; ')}: they can be told apart`)
}

/** The maximum ratio of the two processor times. */
const mostProcessorRatio = 1.1

type Times = { readonly clockMs: number; readonly processorMs: number }

/** How much longer the first takes than the second, and how long the shorter of the two: the medians over all pairs. */
async function comparePairs(
  pid: number,
  turns: number,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<{ differenceMs: number; shorterMs: number; processorRatio: number }> {
  const timed = async (what: () => Promise<unknown>): Promise<Times> => {
    const start = performance.now()
    const before = processorMilliseconds(pid)
    await what()
    return { clockMs: performance.now() - start, processorMs: processorMilliseconds(pid) - before }
  }
  const differences: number[] = []
  const shorter: number[] = []
  const ratios: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    const [first, second] = turn % 2 === 0 ? [one, other] : [other, one]
    const times = [await timed(first), await timed(second)] as const
    const [ofOne, ofOther] = turn % 2 === 0 ? times : ([times[1], times[0]] as const)
    differences.push(ofOne.clockMs - ofOther.clockMs)
    shorter.push(Math.min(ofOne.clockMs, ofOther.clockMs))
    ratios.push(ofOne.processorMs / ofOther.processorMs)
  }
  return { differenceMs: medianOf(differences), shorterMs: medianOf(shorter), processorRatio: medianOf(ratios) }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
