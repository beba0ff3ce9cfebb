import { useSyncExternalStore } from 'react'
import { retryDelayMs } from './retry-delay.ts'

/** Since when the server cannot be reached. Undefined if the last request found the server. */
let lostSince: Date | undefined
let retry: ReturnType<typeof setTimeout> | undefined
let attempt: () => void = () => undefined
const listeners = new Set<() => void>()

function change(since: Date | undefined): void {
  if (lostSince === since) return
  lostSince = since
  for (const listener of listeners) listener()
}

/** Notes that the server answered. */
export function noteAnswer(): void {
  clearTimeout(retry)
  retry = undefined
  change(undefined)
}

/** Notes that the server could not be reached, and asks again until it answers. `ask` resolves with any answer. */
export function noteLoss(ask: () => Promise<unknown>): void {
  change(lostSince ?? new Date())
  if (retry === undefined) askLater(ask, 0)
}

function askLater(ask: () => Promise<unknown>, failures: number): void {
  clearTimeout(retry)
  attempt = () => void ask().then(noteAnswer, () => askLater(ask, failures + 1))
  retry = setTimeout(attempt, retryDelayMs(failures))
}

/** Asks the server that could not be reached now, and not only after the delay. */
export function askNow(): void {
  clearTimeout(retry)
  attempt()
}

/** Calls the listener whenever the connection is lost or found again. Returns a function that ends the calls. */
export function onConnectionChange(listener: (isLost: boolean) => void): () => void {
  return subscribe(() => listener(lostSince !== undefined))
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Since when the server cannot be reached. Undefined while the server answers. */
export const useLostSince = (): Date | undefined => useSyncExternalStore(subscribe, () => lostSince)
