import { sizeText } from '@acrux/shared/texts/size-text.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { RegistryUsages } from '../../api/types.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { Share } from '../../components/elements/share.tsx'
import { QuotaTable } from '../../components/registries/quota-table.tsx'
import { useQuotas } from '../../components/registries/use-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { useUsages } from './use-usage.ts'

const view = imagesTexts.registry

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
          <Loaded query={quotas}>{(found) => <QuotaTable quotas={found?.value ?? []} empty={view.noQuotas} />}</Loaded>
          <div>
            <AppLink to="/r/$registry/policies" params={{ registry: registry.name }}>
              {view.changeQuotas}
            </AppLink>
          </div>
        </Section>
      )}
    </>
  )
}

/** The usages of what the server has. An API of ACR also lists what only Azure has, such as private endpoints. */
function usageFacts({ value }: RegistryUsages): readonly Fact[] {
  const byName = new Map(value.map((usage) => [usage.name, usage]))
  return Object.entries(view.usages).flatMap(([name, title]): readonly Fact[] => {
    const usage = byName.get(name)
    if (usage === undefined) return []
    const { currentValue, limit, unit } = usage
    const show = (amount: number) => (unit === 'Bytes' ? sizeText(amount) : amount.toLocaleString('en'))
    const text = `${show(currentValue)} ${words.of} ${show(limit)}`
    return [
      [title, limit > 0 ? <Share key={name} used={currentValue} limit={limit} text={text} /> : show(currentValue)],
    ]
  })
}
