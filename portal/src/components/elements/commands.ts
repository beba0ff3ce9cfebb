import { useSyncExternalStore } from 'react'
import { createRegistered } from './registered.ts'

/** A command that does or shows the same as the view, and what it does. */
export type Command = { readonly label: string; readonly text: string }

const registered = createRegistered<Command>()

/** Shows commands in the panel of the shell while the component is shown. */
export const useCommands: (commands: readonly Command[]) => void = registered.useRegister

/** The commands of the views that are shown. */
export const useShownCommands: () => readonly Command[] = registered.useItems

const storageKey = 'acrux-commands'
const listeners = new Set<() => void>()
const isOpen = () => localStorage.getItem(storageKey) === 'open'

/** Whether the panel of commands is open, and a function that opens or closes the panel. This browser remembers the state. */
export function useCommandPanel() {
  const isPanelOpen = useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, isOpen)
  const toggle = () => {
    localStorage.setItem(storageKey, isOpen() ? 'closed' : 'open')
    for (const listener of listeners) listener()
  }
  return { isOpen: isPanelOpen, toggle }
}
