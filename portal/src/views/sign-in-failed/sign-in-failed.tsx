import { Button, Text } from '@fluentui/react-components'
import { useSearch } from '@tanstack/react-router'
import { Page } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'

const reasons = ['expired', 'denied', 'invalid', 'unavailable'] as const

/** Explains why a sign-in did not complete. It needs no session. */
export function SignInFailed() {
  const { reason, id } = useSearch({ from: '/sign-in-failed' })
  const known = reasons.find((one) => one === reason) ?? 'invalid'
  return (
    <main className="starting">
      <Page title={texts.signInFailed.title}>
        <Text>{texts.signInFailed[known]}</Text>
        {id !== undefined && (
          <Text>
            {texts.errors.correlation}: <code>{id}</code>
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
