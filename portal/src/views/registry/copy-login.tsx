import { Button, Field, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client.ts'
import { ErrorView } from '../../shell/error-view.tsx'
import { texts } from '../../texts.ts'
import { imagesTexts } from '../../texts/images.ts'

type Login = { readonly loginServer: string; readonly username: string; readonly password: string }

/** The programs, and how each signs in to a registry. */
const logins: Readonly<Record<string, string>> = {
  docker: 'docker login',
  podman: 'podman login',
  helm: 'helm registry login',
  oras: 'oras login',
}

const useStyles = makeStyles({
  row: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: tokens.spacingHorizontalM },
  program: { width: '8rem' },
})

/** Copies a command that signs a program in, with a token of three hours. The token is never shown. */
export function CopyLogin({ loginServer }: { readonly loginServer: string }) {
  const styles = useStyles()
  const [program, setProgram] = useState('docker')
  const copy = useMutation({
    mutationFn: async () => {
      const path = `session/registry-login?${new URLSearchParams({ loginServer }).toString()}`
      const login = (await (await send(path, { method: 'POST' })).json()) as Login
      await navigator.clipboard.writeText(loginCommand(program, login))
    },
  })
  const choose = (chosen: string) => {
    setProgram(chosen)
    copy.reset()
  }
  return (
    <>
      <div className={styles.row}>
        <Field label={imagesTexts.login.program} className={styles.program}>
          <Select value={program} onChange={(_event, { value }) => choose(value)}>
            {Object.keys(logins).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
        </Field>
        <Button appearance="primary" disabled={copy.isPending} onClick={() => copy.mutate()}>
          <span aria-live="polite">{copy.isSuccess ? texts.copied : texts.registryView.login}</span>
        </Button>
      </div>
      <Text>{texts.registryView.loginHint}</Text>
      {copy.isError && <ErrorView error={copy.error} />}
    </>
  )
}

function loginCommand(program: string, { loginServer, username, password }: Login): string {
  return `${logins[program]} ${loginServer} --username ${username} --password-stdin <<< ${password}`
}
