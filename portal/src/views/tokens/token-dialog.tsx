import { Text } from '@fluentui/react-components'
import type { Registry } from '../../api/registry-document.ts'
import { changeToken, deleteToken } from '../../api/tokens.ts'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.token

/** What is done with a token. */
export type TokenAct = { readonly kind: 'enable' | 'disable' | 'delete'; readonly token: string }

type TokenDialogProps = {
  readonly registry: Registry
  readonly act: TokenAct
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

const textsOf = {
  enable: { title: texts.enableTitle, hint: texts.enableHint, confirm: texts.enable },
  disable: { title: texts.disableTitle, hint: texts.disableHint, confirm: texts.disable },
  delete: { title: texts.deleteTitle, hint: texts.deleteHint, confirm: words.delete },
} as const

/** Asks before a token is turned on or off, or deleted. */
export function TokenDialog({ registry, act, onDone, onClose }: TokenDialogProps) {
  const { kind, token } = act
  const { title, hint, confirm } = textsOf[kind]
  return (
    <ConfirmDialog
      title={title}
      confirm={confirm}
      onClose={onClose}
      onConfirm={async () => {
        if (kind === 'delete') await deleteToken(registry.id, token)
        else await changeToken(registry.id, token, { status: kind === 'enable' ? 'enabled' : 'disabled' })
        await onDone()
      }}
    >
      <Text>{token}</Text>
      <Text>{hint}</Text>
      <CaptionedText label={shared.commandLine} text={commandOf(registry.name, act)} />
    </ConfirmDialog>
  )
}

function commandOf(registry: string, { kind, token }: TokenAct): string {
  if (kind === 'delete') return `acrux acr token delete --name ${token} --registry ${registry}`
  return `acrux acr token update --name ${token} --registry ${registry} --status ${kind}d`
}
