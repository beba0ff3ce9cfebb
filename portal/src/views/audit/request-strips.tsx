import type { Metrics } from '../../api/types.ts'
import { BarLink } from '../../components/charts/bar-link.tsx'
import type { BarProps, Series } from '../../components/charts/chart-data.ts'
import { Chart } from '../../components/charts/chart.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { periodAt, seriesOf } from '../registry/series.ts'
import { useMetrics } from '../registry/use-usage.ts'
import { requestSeries } from './request-series.ts'

const view = operationsTexts.requests

type RequestStripsProps = { readonly registryId: string; readonly registry: string }

/** The allowed and the denied requests of a registry by hour, each with a scale of its own. */
export function RequestStrips({ registryId, registry }: RequestStripsProps) {
  const { data } = useMetrics(registryId, 'day')
  // Without the permission to read metrics, there is no plot. The events below are complete.
  if (data === undefined || data === null) return null
  return <Strips metrics={data} registry={registry} />
}

function Strips({ metrics, registry }: { readonly metrics: Metrics; readonly registry: string }) {
  const { times, allowed, denied } = requestSeries(seriesOf(metrics))
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0).toLocaleString('en')
  const series: readonly Series[] = [
    { name: view.allowed, values: allowed },
    { name: view.denied, values: denied, tone: 'danger' },
  ]
  return (
    <Chart
      title={view.title}
      summary={view.summary(sum(allowed), sum(denied))}
      shape="columns"
      labels={times.map(formatTime)}
      labelTitle={view.hour}
      series={series}
      link={(bar: BarProps, place: number, { tone }: Series) => (
        <BarLink
          {...bar}
          to="/r/$registry/audit"
          params={{ registry }}
          search={{ outcome: tone === 'danger' ? 'refused' : 'success', ...periodAt(times, place) }}
        />
      )}
    />
  )
}
