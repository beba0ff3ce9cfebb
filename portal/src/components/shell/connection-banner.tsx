import { MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { connection } from '../../api/connection.ts'
import { texts } from '../texts/texts.ts'

/** Says that the server cannot be reached. Once it answers again, everything that is shown is read again. */
export function ConnectionBanner() {
  const isLost = useSyncExternalStore(connection.subscribe, connection.isLost)
  const wasLost = useRef(false)
  const queries = useQueryClient()
  const router = useRouter()
  useEffect(() => {
    if (wasLost.current && !isLost) {
      void queries.invalidateQueries()
      void router.invalidate()
    }
    wasLost.current = isLost
  }, [isLost, queries, router])
  if (!isLost) return undefined
  return (
    <MessageBar intent="warning" layout="multiline" role="status">
      <MessageBarBody>
        <MessageBarTitle>{texts.connection.title}</MessageBarTitle> {texts.connection.text}
      </MessageBarBody>
    </MessageBar>
  )
}
