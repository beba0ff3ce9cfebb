import { Button, Text } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { send } from '../../api/client.ts'
import { ErrorView } from '../../shell/error-view.tsx'
import { texts } from '../../texts.ts'

type Login = { readonly loginServer: string; readonly username: string; readonly password: string }

/** Copies a command that signs docker in, with a token of three hours. The token is never shown. */
export function CopyLogin({ loginServer }: { readonly loginServer: string }) {
  const copy = useMutation({
    mutationFn: async () => {
      const path = `session/registry-login?${new URLSearchParams({ loginServer }).toString()}`
      const login = (await (await send(path, { method: 'POST' })).json()) as Login
      await navigator.clipboard.writeText(loginCommand(login))
    },
  })
  return (
    <div>
      <Button appearance="primary" disabled={copy.isPending} onClick={() => copy.mutate()}>
        <span aria-live="polite">{copy.isSuccess ? texts.copied : texts.registryView.login}</span>
      </Button>{' '}
      <Text>{texts.registryView.loginHint}</Text>
      {copy.isError && <ErrorView error={copy.error} />}
    </div>
  )
}

function loginCommand({ loginServer, username, password }: Login): string {
  return `docker login ${loginServer} --username ${username} --password-stdin <<< ${password}`
}
