import { useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type Selection, noSelection } from './selection.ts'

/** The selections of tables by entry of the history, so that Back finds them again. */
const remembered = new Map<string, Selection>()
const maxRemembered = 50

/** The selection of a table. It is there again when the person goes back to the view. */
export function useSelection(label: string): readonly [Selection, (selection: Selection) => void] {
  const router = useRouter()
  const entry = `${router.state.location.state.__TSR_key ?? ''} ${label}`
  const [selection, setSelection] = useState(() => remembered.get(entry) ?? noSelection)
  useEffect(() => {
    remembered.delete(entry)
    if (selection.keys.size > 0) remembered.set(entry, selection)
    const [oldest] = remembered.keys()
    if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest)
  }, [entry, selection])
  return [selection, setSelection]
}
