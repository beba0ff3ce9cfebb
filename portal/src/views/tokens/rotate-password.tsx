import { Button, Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import { type PasswordName, changeToken, generatePasswords } from '../../api/tokens.ts'
import type { GeneratedCredentials } from '../../api/types.ts'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'
import { ExpiryField } from './expiry-field.tsx'
import { NewPassword } from './new-password.tsx'
import { defaultDays, expiryOf } from './new-token.ts'
import { passwordText } from './password-text.ts'
import { type TokenRow } from './token-rows.ts'

const texts = rightsTexts.token

type RotatePasswordProps = {
  readonly registry: Registry
  readonly row: TokenRow
  readonly onChanged: () => Promise<void>
  readonly onClose: () => void
}

/** Generates a second password while the first one works, and removes the old one afterwards. */
export function RotatePassword({ registry, row, onChanged, onClose }: RotatePasswordProps) {
  const [days, setDays] = useState(defaultDays)
  const [removed, setRemoved] = useState<PasswordName>()
  const [made, setMade] = useState<GeneratedCredentials['passwords'][number]>()
  const { name } = row.token
  const missing = (['password1', 'password2'] as const).find((each) => !row.passwords.some((one) => one.name === each))
  if (removed !== undefined) {
    return (
      <RemovePassword
        registry={registry}
        row={row}
        removed={removed}
        onChanged={onChanged}
        onClose={() => setRemoved(undefined)}
      />
    )
  }
  const generate = async () => {
    const answer = await generatePasswords(registry.id, name, { name: missing ?? 'password1', ...expiryOf(days) })
    await onChanged()
    setMade(answer.passwords[0])
  }
  return (
    <FormDialog
      title={`${texts.rotateTitle} ${name}`}
      action={`${texts.generate} ${missing ?? ''}`}
      isReady={missing !== undefined}
      onSubmit={generate}
      onClose={onClose}
      secret={made && <NewPassword loginServer={registry.properties.loginServer} token={name} password={made.value} />}
    >
      {missing === undefined ? (
        <Text>{texts.bothHint}</Text>
      ) : (
        <>
          <Text>{row.passwords.length === 0 ? texts.firstHint : texts.rotateHint}</Text>
          <ExpiryField days={days} onChange={setDays} />
        </>
      )}
      <PasswordList row={row} onRemove={setRemoved} />
      <CaptionedText
        label={shared.commandLine}
        text={`acrux acr token rotate --name ${name} --registry ${registry.name} --out-file ./new-password`}
      />
    </FormDialog>
  )
}

function RemovePassword({
  registry,
  row,
  removed,
  onChanged,
  onClose,
}: RotatePasswordProps & { readonly removed: PasswordName }) {
  const { name } = row.token
  const flag = `--${removed}`
  return (
    <ConfirmDialog
      title={texts.removePasswordTitle}
      confirm={rightsTexts.remove}
      onClose={onClose}
      onConfirm={async () => {
        const kept = row.passwords.filter((each) => each.name !== removed)
        await changeToken(registry.id, name, { credentials: { passwords: kept.map((each) => ({ name: each.name })) } })
        await onChanged()
      }}
    >
      <Text>
        {name}, {removed}
      </Text>
      <Text>{texts.removePasswordHint}</Text>
      <CaptionedText
        label={shared.commandLine}
        text={`acrux acr token credential delete --name ${name} --registry ${registry.name} ${flag}`}
      />
    </ConfirmDialog>
  )
}

type PasswordListProps = { readonly row: TokenRow; readonly onRemove: (name: PasswordName) => void }

function PasswordList({ row, onRemove }: PasswordListProps) {
  return (
    <ul>
      {row.passwords.map((password) => (
        <li key={password.name}>
          {passwordText(password, row.showsUses)}{' '}
          <Button
            size="small"
            aria-label={`${rightsTexts.remove}: ${password.name}`}
            onClick={() => onRemove(password.name)}
          >
            {rightsTexts.remove}
          </Button>
        </li>
      ))}
    </ul>
  )
}
