import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Text,
  makeStyles,
  tokens as theme,
} from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { GeneratedCredentials, Registry } from '../../api/types.ts'
import { type PasswordName, changeToken, generatePasswords } from '../../api/tokens.ts'
import { ConfirmDialog } from '../../shell/confirm-dialog.tsx'
import { CaptionedText } from '../../shell/captioned-text.tsx'
import { ErrorView } from '../../shell/error-view.tsx'
import { texts as shared } from '../../texts.ts'
import { rightsTexts } from '../../texts/rights.ts'
import { ExpiryField, defaultDays, expiryOf } from './expiry-field.tsx'
import { NewPassword } from './new-password.tsx'
import { passwordText } from './password-text.ts'
import type { TokenRow } from './use-tokens.ts'

const texts = rightsTexts.token

const useStyles = makeStyles({ content: { display: 'grid', rowGap: theme.spacingVerticalM, overflowWrap: 'anywhere' } })

type RotatePasswordProps = {
  readonly registry: Registry
  readonly row: TokenRow
  readonly onChanged: () => Promise<void>
  readonly onClose: () => void
}

/** Generates a second password while the first one works, and removes the old one afterwards. */
export function RotatePassword({ registry, row, onChanged, onClose }: RotatePasswordProps) {
  const styles = useStyles()
  const [days, setDays] = useState(defaultDays)
  const [removed, setRemoved] = useState<PasswordName>()
  const { name } = row.token
  const missing = (['password1', 'password2'] as const).find((each) => !row.passwords.some((one) => one.name === each))
  const generate = useMutation({
    mutationFn: async (): Promise<GeneratedCredentials> => {
      const made = await generatePasswords(registry.id, name, { name: missing ?? 'password1', ...expiryOf(days) })
      await onChanged()
      return made
    },
    gcTime: 0,
  })
  const made = generate.data?.passwords[0]
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
  return (
    <Dialog open onOpenChange={(_event, { open }) => !open && made === undefined && onClose()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>
            {texts.rotateTitle} {name}
          </DialogTitle>
          <DialogContent className={styles.content}>
            {made !== undefined && (
              <NewPassword loginServer={registry.properties.loginServer} token={name} password={made.value} />
            )}
            {made === undefined && missing !== undefined && (
              <>
                <Text>{row.passwords.length === 0 ? texts.firstHint : texts.rotateHint}</Text>
                <ExpiryField days={days} onChange={setDays} />
              </>
            )}
            {made === undefined && missing === undefined && <Text>{texts.bothHint}</Text>}
            {made === undefined && <PasswordList row={row} onRemove={setRemoved} />}
            {generate.isError && <ErrorView error={generate.error} />}
            <CaptionedText
              label={shared.commandLine}
              text={`acrux acr token rotate --name ${name} --registry ${registry.name} --out-file ./new-password`}
            />
          </DialogContent>
          <DialogActions fluid>
            <Button onClick={onClose}>{made === undefined ? shared.close : texts.copied}</Button>
            {made === undefined && missing !== undefined && (
              <Button appearance="primary" disabled={generate.isPending} onClick={() => generate.mutate()}>
                {texts.generate} {missing}
              </Button>
            )}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
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
