import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { askNow, useLostSince } from '../../api/connection.ts'
import { texts } from '../texts/texts.ts'

/** Says that the server cannot be reached. Once it answers again, everything that is shown is read again. */
export function ConnectionBanner() {
  const since = useLostSince()
  const isLost = since !== undefined
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
        <MessageBarTitle>
          {texts.connection.title(since.toLocaleTimeString('en', { hourCycle: 'h23' }))}
        </MessageBarTitle>{' '}
        {texts.connection.text}
      </MessageBarBody>
      <MessageBarActions>
        <Button onClick={askNow}>{texts.connection.tryNow}</Button>
      </MessageBarActions>
    </MessageBar>
  )
}
