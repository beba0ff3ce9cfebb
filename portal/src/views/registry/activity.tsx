import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Field, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { Metrics } from '../../api/types.ts'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { BarChart } from './bar-chart.tsx'
import { type RangeName, rangeNames } from './ranges.ts'
import { type Series, seriesOf } from './series.ts'
import { useMetrics } from './use-usage.ts'

const view = imagesTexts.registry

const useStyles = makeStyles({
  plots: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(16rem, 100%), 1fr))',
    gap: tokens.spacingHorizontalXXL,
  },
  range: { maxWidth: '16rem' },
  summary: { cursor: 'pointer', marginBottom: tokens.spacingVerticalS },
})

type ActivityProps = {
  readonly registryId: string
  readonly range: RangeName
  readonly onRange: (range: RangeName) => void
}

/** The plots of pulls, pushes, sign-ins, denials and storage over time. */
export function Activity({ registryId, range, onRange }: ActivityProps) {
  const styles = useStyles()
  const query = useMetrics(registryId, range)
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
        {(metrics) => (metrics === null ? <Text>{view.noActivity}</Text> : <Plots metrics={metrics} />)}
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

function Plots({ metrics }: { readonly metrics: Metrics }) {
  const styles = useStyles()
  const all = seriesOf(metrics)
  const [first] = all
  const times = first?.times ?? []
  return (
    <>
      <div className={styles.plots}>
        {all.map((series) => (
          <BarChart
            key={series.name}
            title={view.metrics[series.name]}
            summary={summaryOf(series)}
            values={series.values}
            ends={[formatTime(series.times[0] ?? ''), formatTime(series.times.at(-1) ?? '')]}
          />
        ))}
      </div>
      <details>
        <summary className={styles.summary}>{view.asTable}</summary>
        <Table
          isWrapped
          label={view.activity}
          rows={times.map((time, index) => ({ time, index })).toReversed()}
          keyOf={({ time }) => time}
          columns={[
            { title: view.time, cell: ({ time }) => formatTime(time) },
            ...all.map((series) => ({
              title: view.metrics[series.name],
              cell: ({ index }: { readonly index: number }) => show(series.name, series.values[index] ?? 0),
            })),
          ]}
        />
      </details>
    </>
  )
}
