import { Button, Radio, RadioGroup, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { createRegistryLogin } from '../../api/registry-login.ts'
import { useSession } from '../../api/use-session.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Section } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { texts } from '../../components/texts/texts.ts'
import { type Client, browserCommands, clients, loginCommand, pushCommand } from './sign-in-commands.ts'

const view = texts.registryView

const useStyles = makeStyles({
  clients: { flexWrap: 'wrap' },
  login: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
  },
})

/** The commands with which clients sign in and push. */
export function SignIn() {
  const styles = useStyles()
  const [client, setClient] = useState<Client>('docker')
  const { name, loginServer } = useAddressedRegistry()
  const session = useSession()
  return (
    <Section title={view.signIn}>
      <RadioGroup
        className={styles.clients}
        layout="horizontal"
        aria-label={view.client}
        value={client}
        onChange={(_event, { value }) => setClient(clients.find((each) => each === value) ?? 'docker')}
      >
        {clients.map((each) => (
          <Radio key={each} value={each} label={each} />
        ))}
      </RadioGroup>
      <CopyLogin key={client} client={client} loginServer={loginServer} />
      <CommandLine label={view.push} text={pushCommand(client, loginServer)} />
      {session.data && <BrowserCommands name={name} origin={session.data.publicOrigin} />}
    </Section>
  )
}

/** The commands with which people sign in in a browser. */
function BrowserCommands({ name, origin }: { readonly name: string; readonly origin: string }) {
  const { acrux, azSetUp, az } = browserCommands(name, origin)
  const more = [
    { label: view.setUp('az'), text: azSetUp },
    { label: view.inBrowser('az'), text: az },
  ]
  return <CommandLine label={view.inBrowser('acrux')} text={acrux} more={more} />
}

/** Copies a command that signs a client in, with a token of three hours. The token is never shown. */
function CopyLogin({ client, loginServer }: { readonly client: Client; readonly loginServer: string }) {
  const styles = useStyles()
  const copy = useMutation({
    mutationFn: async () => {
      await navigator.clipboard.writeText(loginCommand(client, await createRegistryLogin(loginServer)))
    },
    onSuccess: () => setTimeout(() => copy.reset(), 2000),
  })
  return (
    <div className={styles.login}>
      <Button appearance="primary" disabled={copy.isPending} onClick={() => copy.mutate()}>
        <span aria-live="polite">{copy.isSuccess ? texts.copied : view.login}</span>
      </Button>
      <Text>{view.loginHint}</Text>
      {copy.isError && <ErrorView isAct error={copy.error} />}
    </div>
  )
}
