import { Checkbox, Field, Input, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { startImport } from '../../api/registry-arm.ts'
import type { Registry } from '../../api/registry-document.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Forbidden } from '../../components/elements/forbidden.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { RepositoriesLink } from '../../components/registries/repositories-link.tsx'
import { useRegistry } from '../../components/registries/use-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { type ImportForm, type ImportSearch, emptyForm, importCommand, isComplete, orderOf } from './import-form.ts'
import { ImportProgress } from './import-progress.tsx'

const view = imagesTexts.import
const route = '/shell/r/$registry/import'

const useStyles = makeStyles({ form: { display: 'grid', rowGap: tokens.spacingVerticalM, maxWidth: '32rem' } })

/** Imports an image from another registry. */
export function Import() {
  const { name, loginServer } = useAddressedRegistry()
  const { operation, target } = useSearch({ from: route })
  const navigate = useNavigate()
  const { registries, registry } = useRegistry(loginServer)
  const show = (search: ImportSearch) =>
    void navigate({ to: '/r/$registry/import', params: { registry: name }, search })
  return (
    <Page title={view.title} parents={[<RepositoriesLink key="repositories" />]}>
      <Text>{view.intro}</Text>
      {operation !== undefined ? (
        <ImportProgress operation={operation} target={target ?? ''} onAgain={() => show({})} />
      ) : (
        <Loaded query={registries}>
          {() =>
            registry === undefined ? (
              <Forbidden why={view.noDetails} registry={name} role="Contributor" />
            ) : (
              <Form registry={registry} onStarted={show} />
            )
          }
        </Loaded>
      )}
    </Page>
  )
}

type FormProps = { readonly registry: Registry; readonly onStarted: (search: ImportSearch) => void }

function Form({ registry, onStarted }: FormProps) {
  const styles = useStyles()
  const [form, setForm] = useState(emptyForm)
  const mayImport = usePermissions(registry.id)('Microsoft.ContainerRegistry/registries/importImage/action')
  const reason = mayImport ? (isComplete(form) ? undefined : view.incomplete) : imagesTexts.roleNeeded.import
  const start = useMutation({
    mutationFn: () => startImport(registry.id, orderOf(form)),
    onSuccess: (operation) => onStarted({ operation, target: form.target }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason === undefined) start.mutate()
  }
  const field = (name: Exclude<keyof ImportForm, 'force'>, label: string, hint?: string) => (
    <Field label={label} {...(hint !== undefined && { hint })}>
      <Input
        value={form[name]}
        type={name === 'password' ? 'password' : 'text'}
        autoComplete="off"
        spellCheck={false}
        onChange={(_event, { value }) => setForm({ ...form, [name]: name === 'password' ? value : value.trim() })}
      />
    </Field>
  )
  return (
    <>
      <form className={styles.form} onSubmit={submit}>
        {field('source', view.source, view.sourceHint)}
        {field('image', view.image, view.imageHint)}
        {field('target', view.target, view.targetHint)}
        {field('user', view.user)}
        {field('password', view.password, view.credentialHint)}
        <Checkbox
          label={view.force}
          checked={form.force}
          onChange={(_event, { checked }) => setForm({ ...form, force: checked === true })}
        />
        <div>
          <ActionButton type="submit" appearance="primary" reason={reason} disabled={start.isPending}>
            {view.start}
          </ActionButton>
        </div>
        {reason !== undefined && <Text>{reason}</Text>}
        {start.isError && <ErrorView isAct error={start.error} />}
      </form>
      <CommandLine text={importCommand(registry.name, form)} />
    </>
  )
}
