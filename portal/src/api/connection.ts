import { retryDelayMs } from './retry-delay.ts'

/** Whether the last request found the server, for the shell, which says so. */
type State = { readonly isLost: boolean }

let state: State = { isLost: false }
let retry: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function change(isLost: boolean): void {
  if (state.isLost === isLost) return
  state = { isLost }
  for (const listener of listeners) listener()
}

/** Notes that the server answered. */
export function noteAnswer(): void {
  clearTimeout(retry)
  retry = undefined
  change(false)
}

/** Notes that the server could not be reached, and asks again until it answers. `ask` resolves with any answer. */
export function noteLoss(ask: () => Promise<unknown>): void {
  change(true)
  if (retry === undefined) askLater(ask, 0)
}

function askLater(ask: () => Promise<unknown>, failures: number): void {
  retry = setTimeout(() => {
    ask().then(noteAnswer, () => askLater(ask, failures + 1))
  }, retryDelayMs(failures))
}

/** Whether the server cannot be reached. */
export const connection = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  isLost: (): boolean => state.isLost,
}
