import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { deleteQuota, putQuota } from '../../api/registry-arm.ts'
import type { Quota, Registry } from '../../api/types.ts'
import { usePermissions } from '../../session/use-permissions.ts'
import { ActionButton } from '../../shell/action-button.tsx'
import { ConfirmDialog } from '../../shell/confirm-dialog.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { formatBytes } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Section } from '../../shell/page.tsx'
import { Share } from '../../shell/share.tsx'
import { operationsTexts } from '../../texts/operations.ts'
import { texts } from '../../texts.ts'
import { useQuotas } from '../registry/use-registry.ts'
import { QuotaForm } from './quota-form.tsx'
import { nameFor } from './quota-name.ts'

const view = operationsTexts.policies

const useStyles = makeStyles({ buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS } })

type Act = { readonly kind: 'add' } | { readonly kind: 'change' | 'remove'; readonly quota: Quota }

/** The quotas of a registry and of its repositories, with how much of each is used. */
export function Quotas({ registry: { id } }: { readonly registry: Registry }) {
  const styles = useStyles()
  const client = useQueryClient()
  const query = useQuotas(id)
  const mayAct = usePermissions(id)
  const [act, setAct] = useState<Act>()
  const reasonFor = (action: 'write' | 'delete') =>
    mayAct(`Acrux.Server/quotas/${action}`) ? undefined : view.mayNotQuota
  const quotas = query.data?.value ?? []
  const change = async (request: Promise<void>) => {
    await request
    await client.invalidateQueries({ queryKey: ['quotas', id] })
  }
  if (query.data === null) return <Section title={view.quotas}>{view.quotasHidden}</Section>
  return (
    <Section title={view.quotas}>
      <Text>{view.quotasHint}</Text>
      <Loaded query={query}>
        {() =>
          quotas.length === 0 ? (
            <Text>{view.noQuotas}</Text>
          ) : (
            <QuotaTable quotas={quotas} reasonFor={reasonFor} onAct={(kind, quota) => setAct({ kind, quota })} />
          )
        }
      </Loaded>
      <div className={styles.buttons}>
        <ActionButton reason={reasonFor('write')} onClick={() => setAct({ kind: 'add' })}>
          {view.addQuota}
        </ActionButton>
      </div>
      {(act?.kind === 'add' || act?.kind === 'change') && (
        <QuotaForm
          quota={act.kind === 'change' ? act.quota : undefined}
          onSave={(repository, limitBytes) => {
            const name = act.kind === 'change' ? act.quota.name : nameFor(repository, quotas)
            return change(putQuota(id, name, { repository, limitBytes }))
          }}
          onClose={() => setAct(undefined)}
        />
      )}
      {act?.kind === 'remove' && (
        <ConfirmDialog
          title={view.removeOf(placeOf(act.quota))}
          confirm={view.removeQuota}
          onConfirm={() => change(deleteQuota(id, act.quota.name))}
          onClose={() => setAct(undefined)}
        >
          <Text>{view.removeLoses}</Text>
        </ConfirmDialog>
      )}
    </Section>
  )
}

type QuotaTableProps = {
  readonly quotas: readonly Quota[]
  readonly reasonFor: (action: 'write' | 'delete') => string | undefined
  readonly onAct: (kind: 'change' | 'remove', quota: Quota) => void
}

function QuotaTable({ quotas, reasonFor, onAct }: QuotaTableProps) {
  const styles = useStyles()
  return (
    <DataTable
      label={view.quotas}
      rows={quotas}
      keyOf={({ id }) => id}
      columns={[
        { title: view.place, cell: placeOf },
        { title: texts.repositoriesView.name, cell: ({ name }) => name },
        {
          title: view.used,
          cell: ({ properties: { usedBytes, limitBytes } }) => (
            <Share
              used={usedBytes}
              limit={limitBytes}
              text={`${formatBytes(usedBytes)} ${texts.registryView.of} ${formatBytes(limitBytes)}`}
            />
          ),
        },
        {
          title: operationsTexts.action,
          cell: (quota) => (
            <div className={styles.buttons}>
              <ActionButton
                size="small"
                reason={reasonFor('write')}
                aria-label={view.changeOf(placeOf(quota))}
                onClick={() => onAct('change', quota)}
              >
                {view.changeQuota}
              </ActionButton>
              <ActionButton
                size="small"
                reason={reasonFor('delete')}
                aria-label={view.removeOf(placeOf(quota))}
                onClick={() => onAct('remove', quota)}
              >
                {view.removeQuota}
              </ActionButton>
            </div>
          ),
        },
      ]}
    />
  )
}

function placeOf({ properties }: Quota): string {
  return properties.repository ?? view.wholeRegistry
}
