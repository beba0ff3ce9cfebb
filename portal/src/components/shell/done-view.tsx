import { useLocation } from '@tanstack/react-router'
import { useEffect, useSyncExternalStore } from 'react'
import { doneNote, forgetDone } from '../../api/done-note.ts'
import { DoneMessage } from '../elements/done-message.tsx'
import { visibleName } from '../texts/visible-name.ts'

/** Says what the last action did, until another view is opened. */
export function DoneView() {
  const note = useSyncExternalStore(doneNote.subscribe, doneNote.current)
  // The location of the router changes later than that of the browser.
  useLocation()
  const isElsewhere = note !== undefined && note.path !== location.pathname
  useEffect(() => {
    if (isElsewhere) forgetDone()
  }, [isElsewhere])
  return <DoneMessage text={note === undefined || isElsewhere ? undefined : visibleName(note.text)} />
}
