import { Text } from '@fluentui/react-components'
import { useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { type StepUpResult, confirmedChannel } from '../../api/sign-in-question.ts'
import { Page } from '../../components/elements/page.tsx'
import { texts } from '../../components/texts/texts.ts'

/** The end of a new sign-in in a window of its own: reports it to the page that asked for it, and closes the window. */
export function Confirmed() {
  const { reason, userName } = useSearch({ from: '/confirmed' })
  useEffect(() => {
    const channel = new BroadcastChannel(confirmedChannel)
    const result: StepUpResult = {
      ...(reason !== undefined && { reason }),
      ...(userName !== undefined && { userName }),
    }
    channel.postMessage(result)
    channel.close()
    window.close()
  }, [reason, userName])
  const isDone = reason === undefined
  return (
    <main className="starting">
      <Page title={isDone ? texts.stepUp.done : texts.stepUp.cancelled}>
        <Text>{isDone ? texts.stepUp.doneText : texts.stepUp.failedText}</Text>
      </Page>
    </main>
  )
}
