import { Badge, Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { AuditWebhook } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { deleteWebhook, putWebhook, rotateSecret } from '../../api/webhooks.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { useWebhooks } from './use-integrity.ts'
import { WebhookForm } from './webhook-form.tsx'

const view = operationsTexts.integrity

type Act = { readonly kind: 'add' } | { readonly kind: 'edit' | 'rotate' | 'remove'; readonly webhook: AuditWebhook }
type Secret = { readonly name: string; readonly text: string }

/** The webhooks of the audit log and their deliveries. */
export function Webhooks({ subscription }: { readonly subscription: string }) {
  const { query, reload } = useWebhooks(subscription)
  const mayAct = usePermissions(subscription)
  const [act, setAct] = useState<Act>()
  const [secret, setSecret] = useState<Secret>()
  const reasonFor = (name: string) => (mayAct(`Acrux.Server/auditWebhooks/${name}`) ? undefined : view.mayNot)
  const show = (name: string, text: string | undefined) => setSecret(text === undefined ? undefined : { name, text })
  return (
    <Section title={view.webhooks}>
      <Text>{view.webhooksHint}</Text>
      <Loaded query={query}>
        {(webhooks) => <WebhookTable webhooks={webhooks} reasonFor={reasonFor} onAct={setAct} />}
      </Loaded>
      <div>
        <ActionButton reason={reasonFor('write')} onClick={() => setAct({ kind: 'add' })}>
          {view.add}
        </ActionButton>
      </div>
      {secret !== undefined && (
        <div role="status">
          <Text>{view.secretHint}</Text>
          <CopyText label={`${view.secret} ${secret.name}`} text={secret.text} />
        </div>
      )}
      <CommandLine
        text={`az rest --method get --url "${subscription}/providers/Acrux.Server/auditWebhooks?api-version=2024-11-01"`}
      />
      {act !== undefined && (
        <ActDialog
          act={act}
          subscription={subscription}
          onSecret={show}
          onClose={() => {
            setAct(undefined)
            void reload()
          }}
        />
      )}
    </Section>
  )
}

type WebhookTableProps = {
  readonly webhooks: readonly AuditWebhook[]
  readonly reasonFor: (name: string) => string | undefined
  readonly onAct: (act: Act) => void
}

function WebhookTable({ webhooks, reasonFor, onAct }: WebhookTableProps) {
  return (
    <Table
      isWrapped
      label={view.webhooks}
      empty={view.noWebhooks}
      rows={webhooks}
      keyOf={({ name }) => name}
      columns={[
        { title: words.name, cell: ({ name }) => name },
        { title: words.address, cell: ({ properties }) => properties.host },
        {
          title: words.actions,
          cell: ({ properties: { filter } }) =>
            `${filter.actions?.join(' ') ?? view.all}; ${codeText(operationsTexts.outcomes, filter.outcome ?? '')}`,
        },
        {
          title: view.status,
          cell: ({ properties: { status } }) => (
            <Badge appearance="outline">{status === 'enabled' ? words.on : words.off}</Badge>
          ),
        },
        { title: view.lastDelivery, cell: ({ properties }) => <Deliveries {...properties} /> },
        {
          title: words.change,
          cell: (webhook) => (
            <>
              <ActionButton size="small" reason={reasonFor('write')} onClick={() => onAct({ kind: 'edit', webhook })}>
                {view.edit}
              </ActionButton>{' '}
              <ActionButton
                size="small"
                reason={reasonFor('rotateSecret/action')}
                onClick={() => onAct({ kind: 'rotate', webhook })}
              >
                {view.rotate}
              </ActionButton>{' '}
              <ActionButton
                size="small"
                reason={reasonFor('delete')}
                onClick={() => onAct({ kind: 'remove', webhook })}
              >
                {view.remove}
              </ActionButton>
            </>
          ),
        },
      ]}
    />
  )
}

function Deliveries({ lastDeliveryAt, failures, lastError, nextAttemptAt }: AuditWebhook['properties']) {
  const last = lastDeliveryAt === null ? texts.never : formatTime(lastDeliveryAt)
  if (failures === 0) return <>{last}</>
  return (
    <>
      {last}. {view.failures}: {failures}, {lastError ?? texts.unknown}
      {nextAttemptAt !== null && `; ${view.next} ${formatTime(nextAttemptAt)}`}
    </>
  )
}

type ActDialogProps = {
  readonly act: Act
  readonly subscription: string
  readonly onSecret: (name: string, secret: string | undefined) => void
  readonly onClose: () => void
}

function ActDialog({ act, subscription, onSecret, onClose }: ActDialogProps) {
  switch (act.kind) {
    case 'add':
    case 'edit':
      return (
        <WebhookForm
          webhook={act.kind === 'edit' ? act.webhook : undefined}
          onSave={async (name, settings) => {
            const { properties } = await putWebhook(subscription, name, settings)
            onSecret(name, properties.secret)
          }}
          onClose={onClose}
        />
      )
    case 'rotate':
      return (
        <ConfirmDialog
          title={view.rotateQuestion}
          confirm={view.rotate}
          onConfirm={async () => onSecret(act.webhook.name, await rotateSecret(subscription, act.webhook.name))}
          onClose={onClose}
        >
          <Text>{act.webhook.name}</Text>
          <Text>{view.rotateLoses}</Text>
        </ConfirmDialog>
      )
    case 'remove':
      return (
        <ConfirmDialog
          title={view.removeQuestion}
          isDanger
          confirm={view.remove}
          onConfirm={() => deleteWebhook(subscription, act.webhook.name)}
          onClose={onClose}
        >
          <Text>{act.webhook.name}</Text>
          <Text>{view.removeLoses}</Text>
        </ConfirmDialog>
      )
  }
}
