import { Field, Input, makeStyles } from '@fluentui/react-components'
import { rightsTexts } from '../../components/texts/rights.ts'
import type { TokenData } from './use-tokens.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.token
const namePattern = /^[a-zA-Z0-9-]{5,50}$/

const useStyles = makeStyles({ field: { maxWidth: '24rem' } })

const maxLength = 50

/**
 * The name of a scope map for one token only, as on the command line. If that name is too long, the name of the
 * token.
 */
export function ownScopeMap(token: string): string {
  const name = `${token}-scope-map`
  return name.length <= maxLength ? name : token
}

/** What is wrong with the name of a new token. The server checks it again. */
export function nameFault(name: string, { tokens, scopeMaps }: TokenData, registryName: string): string | undefined {
  if (name === '') return undefined
  if (!namePattern.test(name)) return texts.wrongName
  const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()
  const isTaken =
    isSame(name, registryName) ||
    tokens.some(({ token }) => isSame(token.name, name)) ||
    scopeMaps.some((map) => isSame(map.name, ownScopeMap(name)))
  return isTaken ? texts.taken : undefined
}

type NameStepProps = {
  readonly name: string
  readonly fault: string | undefined
  readonly onChange: (name: string) => void
}

/** The name of a new token. */
export function NameStep({ name, fault, onChange }: NameStepProps) {
  const styles = useStyles()
  return (
    <Field
      className={styles.field}
      label={words.name}
      hint={texts.nameHint}
      required
      validationState={fault === undefined ? 'none' : 'error'}
      validationMessage={fault ?? null}
    >
      <Input value={name} spellCheck={false} onChange={(_event, { value }) => onChange(value.trim())} />
    </Field>
  )
}
