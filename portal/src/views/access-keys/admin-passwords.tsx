import { Button, Text } from '@fluentui/react-components'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type AdminPasswordName,
  readAdminPasswordUses,
  readAdminPasswords,
  regenerateAdminPassword,
} from '../../api/admin-account.ts'
import { useRead } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Table } from '../../components/table/table.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { useLacks } from '../../components/elements/use-lacks.ts'
import { formatTime } from '../../components/texts/format.ts'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.keys
const names: readonly AdminPasswordName[] = ['password', 'password2']
const inRegistry = (action: string) => `Microsoft.ContainerRegistry/registries/${action}/action`

/** Both passwords of the admin account, shown on demand, with their last use. */
export function AdminPasswords({ registry }: { readonly registry: Registry }) {
  const lacks = useLacks(registry.id)
  const uses = useAdminUses(registry)
  const [renewed, setRenewed] = useState<AdminPasswordName>()
  const [isDone, setDone] = useState(false)
  // The passwords are in no cache: they are forgotten with this view.
  const show = useMutation({ mutationFn: () => readAdminPasswords(registry.id), gcTime: 0 })
  const lacksShow = lacks(inRegistry('listCredentials'))
  const shown = show.data
  return (
    <>
      <DoneMessage text={isDone ? texts.regenerated : undefined} />
      <CaptionedText label={words.userName} text={registry.name} />
      <Table
        isWrapped
        label={texts.passwords}
        rows={names}
        keyOf={(name) => name}
        columns={[
          { title: texts.password, cell: (name) => name },
          { title: words.lastUsed, cell: (name) => usedText(uses.data, name) },
          {
            title: words.action,
            cell: (name) => (
              <ActionButton
                size="small"
                reason={lacks(inRegistry('regenerateCredential'))}
                aria-label={`${texts.regenerate}: ${name}`}
                onClick={() => setRenewed(name)}
              >
                {texts.regenerate}
              </ActionButton>
            ),
          },
        ]}
      />
      {uses.isError && <ErrorView error={uses.error} />}
      {shown?.passwords.map(({ name, value }) => (
        <CaptionedText key={name} label={name} text={value} />
      ))}
      <div>
        {shown === undefined ? (
          <ActionButton reason={lacksShow} disabled={show.isPending} onClick={() => show.mutate()}>
            {texts.show}
          </ActionButton>
        ) : (
          <Button onClick={() => show.reset()}>{texts.hide}</Button>
        )}{' '}
        <Text>{lacksShow ?? texts.showHint}</Text>
      </div>
      {show.isError && <ErrorView error={show.error} />}
      {renewed !== undefined && (
        <ConfirmDialog
          title={`${texts.regenerateTitle} ${renewed}?`}
          confirm={texts.regenerate}
          onClose={() => setRenewed(undefined)}
          onConfirm={async () => {
            await regenerateAdminPassword(registry.id, renewed)
            show.reset()
            setDone(true)
          }}
        >
          <Text>{texts.regenerateHint}</Text>
          <CommandLine text={`acrux acr credential renew --name ${registry.name} --password-name ${renewed}`} />
        </ConfirmDialog>
      )}
    </>
  )
}

type Uses = Awaited<ReturnType<typeof readAdminPasswordUses>>

function useAdminUses({ id }: Registry) {
  return useRead(['admin-uses', id], async (signal) => ({ uses: await readAdminPasswordUses(id, signal) }))
}

function usedText(data: { readonly uses: Uses } | undefined, name: AdminPasswordName): string {
  if (data === undefined) return ''
  if (data.uses === undefined) return texts.usesHidden
  const lastUsedAt = data.uses.find((each) => each.name === name)?.lastUsedAt
  return lastUsedAt === undefined ? shared.never : formatTime(lastUsedAt)
}
