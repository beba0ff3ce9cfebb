import { useEffect, useId, useSyncExternalStore } from 'react'

/** What the views that are shown have registered, such as their commands. */
export type Registered<Item> = {
  /** Registers items for as long as the component is shown. */
  readonly useRegister: (items: readonly Item[]) => void
  /** All items that are registered now. */
  readonly useItems: () => readonly Item[]
}

/** Creates a place in which the views register items, and in which the shell finds them. */
export function createRegistered<Item>(): Registered<Item> {
  const lists = new Map<string, readonly Item[]>()
  const listeners = new Set<() => void>()
  let items: readonly Item[] = []
  const change = () => {
    items = [...lists.values()].flat()
    for (const listener of listeners) listener()
  }
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return {
    useRegister: (own) => {
      const id = useId()
      useEffect(() => {
        lists.set(id, own)
        change()
      }, [id, own])
      useEffect(
        () => () => {
          lists.delete(id)
          change()
        },
        [id],
      )
    },
    useItems: () => useSyncExternalStore(subscribe, () => items),
  }
}
