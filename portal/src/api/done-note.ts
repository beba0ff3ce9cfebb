/** What an action did, and the address of the view that says so. */
export type DoneNote = { readonly text: string; readonly path: string }

const listeners = new Set<() => void>()
let note: DoneNote | undefined

/** What was done last. It is said in the view that is open after the action, until another view is opened. */
export const doneNote = {
  current: (): DoneNote | undefined => note,
  subscribe: (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

/** Says what was done, in the view that is open now. */
export function noteDone(text: string): void {
  note = { text, path: location.pathname }
  for (const listener of listeners) listener()
}

/** Forgets what was done, after another view was opened. */
export function forgetDone(): void {
  note = undefined
  for (const listener of listeners) listener()
}
