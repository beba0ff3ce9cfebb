import { Text } from '@fluentui/react-components'
import { useEffect } from 'react'
import { confirmedChannel } from '../../api/step-up.ts'
import { Page } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'

/** The end of a new sign-in in a window of its own: says so to the page that asked for it, and closes the window. */
export function Confirmed() {
  useEffect(() => {
    const channel = new BroadcastChannel(confirmedChannel)
    channel.postMessage('confirmed')
    channel.close()
    window.close()
  }, [])
  return (
    <main className="starting">
      <Page title={texts.stepUp.done}>
        <Text>{texts.stepUp.doneText}</Text>
      </Page>
    </main>
  )
}
