import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Field, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { Registry } from '../../api/registry-document.ts'
import type { Metrics } from '../../api/types.ts'
import { BarLink } from '../../components/charts/bar-link.tsx'
import type { BarProps } from '../../components/charts/chart-data.ts'
import { Chart } from '../../components/charts/chart.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { type RangeName, rangeNames } from './ranges.ts'
import { type Series, periodAt, seriesOf } from './series.ts'
import { useMetrics } from './use-usage.ts'

const view = imagesTexts.registry

const useStyles = makeStyles({
  plots: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(16rem, 100%), 1fr))',
    gap: tokens.spacingHorizontalXXL,
  },
  range: { maxWidth: '16rem' },
})

type ActivityProps = {
  readonly registry: Registry
  readonly range: RangeName
  readonly onRange: (range: RangeName) => void
}

/** The plots of pulls, pushes, sign-ins, denials and storage over time. */
export function Activity({ registry, range, onRange }: ActivityProps) {
  const styles = useStyles()
  const query = useMetrics(registry.id, range)
  return (
    <Section title={view.activity}>
      <Field label={view.range} className={styles.range}>
        <Select value={range} onChange={(_event, { value }) => onRange(value as RangeName)}>
          {rangeNames.map((name) => (
            <option key={name} value={name}>
              {view.ranges[name]}
            </option>
          ))}
        </Select>
      </Field>
      <Loaded query={query}>
        {(metrics) =>
          metrics === null ? <Text>{view.noActivity}</Text> : <Plots metrics={metrics} registry={registry.name} />
        }
      </Loaded>
    </Section>
  )
}

const show = (name: Series['name'], value: number) =>
  name === 'StorageUsed' ? sizeText(value) : value.toLocaleString('en')

function summaryOf({ name, values }: Series): string {
  if (name === 'StorageUsed') {
    const known = values.findLast((value) => value > 0)
    return known === undefined ? view.unmeasured : `${show(name, known)} ${view.latest}`
  }
  const total = values.reduce((sum, value) => sum + value, 0)
  return `${show(name, total)} ${view.total}`
}

type PlotsProps = { readonly metrics: Metrics; readonly registry: string }

function Plots({ metrics, registry }: PlotsProps) {
  const styles = useStyles()
  return (
    <div className={styles.plots}>
      {seriesOf(metrics).map(({ name, times, values }) => (
        <Chart
          key={name}
          heading="h3"
          title={view.metrics[name]}
          summary={summaryOf({ name, times, values })}
          shape="columns"
          labels={times.map(formatTime)}
          labelTitle={view.time}
          series={[{ name: view.metrics[name], values, tone: name === 'DenialCount' ? 'danger' : 'brand' }]}
          {...(name === 'StorageUsed' && { format: sizeText })}
          {...(name === 'DenialCount' && {
            link: (bar: BarProps, place: number) => (
              <BarLink
                {...bar}
                to="/r/$registry/audit"
                params={{ registry }}
                search={{ outcome: 'refused', ...periodAt(times, place) }}
              />
            ),
          })}
        />
      ))}
    </div>
  )
}
