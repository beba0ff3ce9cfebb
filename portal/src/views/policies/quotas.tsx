import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import { deleteQuota, putQuota } from '../../api/registry-arm.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { Quota } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { QuotaTable, placeOf } from '../../components/registries/quota-table.tsx'
import { useQuotas } from '../../components/registries/use-registry.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { QuotaForm } from './quota-form.tsx'
import { nameFor } from './quota-name.ts'

const view = operationsTexts.policies

const useStyles = makeStyles({ buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS } })

type Act = { readonly kind: 'add' } | { readonly kind: 'change' | 'remove'; readonly quota: Quota }

/** The quotas of a registry and of its repositories, with how much of each is used. */
export function Quotas({ registry: { id } }: { readonly registry: Registry }) {
  const styles = useStyles()
  const readAgain = useReadAgain()
  const query = useQuotas(id)
  const mayAct = usePermissions(id)
  const [act, setAct] = useState<Act>()
  const reasonFor = (action: 'write' | 'delete') =>
    mayAct(`Acrux.Server/quotas/${action}`) ? undefined : view.mayNotQuota
  const quotas = query.data?.value ?? []
  const change = async (request: Promise<void>) => {
    await request
    await readAgain(['quotas', id])
  }
  if (query.data === null) return <Section title={view.quotas}>{view.quotasHidden}</Section>
  return (
    <Section title={view.quotas}>
      <Text>{view.quotasHint}</Text>
      <Loaded query={query}>
        {() => (
          <QuotaTable
            quotas={quotas}
            empty={view.noQuotas}
            acts={(quota) => (
              <QuotaActs quota={quota} reasonFor={reasonFor} onAct={(kind) => setAct({ kind, quota })} />
            )}
          />
        )}
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
          isDanger
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

type QuotaActsProps = {
  readonly quota: Quota
  readonly reasonFor: (action: 'write' | 'delete') => string | undefined
  readonly onAct: (kind: 'change' | 'remove') => void
}

function QuotaActs({ quota, reasonFor, onAct }: QuotaActsProps) {
  const styles = useStyles()
  const place = placeOf(quota)
  return (
    <div className={styles.buttons}>
      <ActionButton
        size="small"
        reason={reasonFor('write')}
        aria-label={view.changeOf(place)}
        onClick={() => onAct('change')}
      >
        {words.change}
      </ActionButton>
      <ActionButton
        size="small"
        reason={reasonFor('delete')}
        aria-label={view.removeOf(place)}
        onClick={() => onAct('remove')}
      >
        {view.removeQuota}
      </ActionButton>
    </div>
  )
}
