import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { isAddress } from '../../components/elements/address.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const view = texts.repositoriesView

const useStyles = makeStyles({
  form: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: tokens.spacingHorizontalM },
})

/** For people who may use some repositories, and whose roles do not include listing them. */
export function OpenRepository() {
  const { name } = useAddressedRegistry()
  const styles = useStyles()
  const navigate = useNavigate()
  const [repository, setRepository] = useState('')
  const isName = isAddress({ repository })
  const open = (event: FormEvent) => {
    event.preventDefault()
    if (isName) void navigate({ to: '/r/$registry/repositories/$repository', params: { registry: name, repository } })
  }
  return (
    <form className={styles.form} onSubmit={open}>
      <Field label={words.name} hint={view.openHint}>
        <Input value={repository} spellCheck={false} onChange={(_event, { value }) => setRepository(value.trim())} />
      </Field>
      <Button type="submit" disabledFocusable={!isName}>
        {view.open}
      </Button>
    </form>
  )
}
