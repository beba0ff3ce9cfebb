import { Button, Text } from '@fluentui/react-components'
import { useSearch } from '@tanstack/react-router'
import { Page } from '../../components/elements/page.tsx'
import { signInFailure } from '../../components/shell/sign-in-failure.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

/** Explains why a sign-in did not complete. It needs no session. */
export function SignInFailed() {
  const { reason, id } = useSearch({ from: '/sign-in-failed' })
  return (
    <main className="starting">
      <Page title={texts.signInFailed.title}>
        <Text>{signInFailure(reason)}</Text>
        {id !== undefined && (
          <Text>
            {words.correlationId}: <code>{id}</code>
          </Text>
        )}
        <div>
          <Button as="a" appearance="primary" href="/portal/sign-in">
            {texts.signInFailed.again}
          </Button>
        </div>
      </Page>
    </main>
  )
}
