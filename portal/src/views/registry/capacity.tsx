import { ProgressBar, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { Quota, Registry, RegistryUsages } from '../../api/types.ts'
import { CopyText } from '../../shell/copy-text.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { type Fact, Facts } from '../../shell/facts.tsx'
import { formatBytes } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Section } from '../../shell/page.tsx'
import { imagesTexts } from '../../texts/images.ts'
import { texts } from '../../texts.ts'
import { useQuotas, useUsages } from './use-registry.ts'

const view = imagesTexts.registry

const useStyles = makeStyles({ share: { display: 'grid', rowGap: tokens.spacingVerticalXS, minWidth: '8rem' } })

/** How much of its limits and quotas a registry uses. */
export function Capacity({ registry }: { readonly registry: Registry }) {
  const usages = useUsages(registry)
  const quotas = useQuotas(registry.id)
  return (
    <>
      <Section title={texts.registryView.usage}>
        <Loaded query={usages}>{(found) => <Facts facts={usageFacts(found)} />}</Loaded>
      </Section>
      {quotas.data !== null && (
        <Section title={view.quotas}>
          <Loaded query={quotas}>
            {(found) =>
              found === null || found.value.length === 0 ? (
                <NoQuotas registry={registry} />
              ) : (
                <QuotaTable quotas={found.value} />
              )
            }
          </Loaded>
        </Section>
      )}
    </>
  )
}

function usageFacts({ value }: RegistryUsages): readonly Fact[] {
  return value.map(({ name, currentValue, limit, unit }) => {
    const show = (amount: number) => (unit === 'Bytes' ? formatBytes(amount) : amount.toLocaleString('en'))
    return [
      name,
      limit > 0 ? (
        <Share
          key={name}
          used={currentValue}
          limit={limit}
          text={`${show(currentValue)} ${texts.registryView.of} ${show(limit)}`}
        />
      ) : (
        show(currentValue)
      ),
    ]
  })
}

type ShareProps = { readonly used: number; readonly limit: number; readonly text: string }

/** From this share on, a quota needs attention. */
const highPercent = 80

function Share({ used, limit, text }: ShareProps) {
  const styles = useStyles()
  const percent = limit === 0 ? 100 : Math.min(100, Math.round((100 * used) / limit))
  return (
    <div className={styles.share}>
      <Text>{text}</Text>
      <ProgressBar value={percent} max={100} color={percent >= highPercent ? 'warning' : 'brand'} aria-label={text} />
    </div>
  )
}

function QuotaTable({ quotas }: { readonly quotas: readonly Quota[] }) {
  return (
    <DataTable
      label={view.quotas}
      rows={quotas}
      keyOf={({ id }) => id}
      columns={[
        { title: texts.repositoriesView.name, cell: ({ name }) => name },
        {
          title: imagesTexts.deleted.repository,
          cell: ({ properties }) => properties.repository ?? view.wholeRegistry,
        },
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
      ]}
    />
  )
}

function NoQuotas({ registry }: { readonly registry: Registry }) {
  const url = `${registry.id}/providers/Acrux.Server/quotas/all?api-version=2023-07-01`
  const body = `'{"properties": {"limitBytes": 107374182400}}'`
  return (
    <>
      <Text>{view.noQuotas}</Text>
      <CopyText label={view.quotas} text={`az rest --method put --url "${url}" --body ${body}`} />
    </>
  )
}
