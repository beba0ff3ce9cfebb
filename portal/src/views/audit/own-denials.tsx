import { Text } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { listOwnDenials } from '../../api/audit.ts'
import { DataTable } from '../../shell/data-table.tsx'
import { ExplainLink } from '../../shell/explain-link.tsx'
import { formatTime } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Section } from '../../shell/page.tsx'
import { operationsTexts } from '../../texts/operations.ts'
import { shortTarget } from './event-table.tsx'

const view = operationsTexts

/** The last denied requests of the person, for those who may not read the log. */
export function OwnDenials() {
  const query = useQuery({ queryKey: ['own-denials'], queryFn: ({ signal }) => listOwnDenials(signal) })
  return (
    <Section title={view.ownDenials}>
      <Loaded query={query}>
        {({ value }) =>
          value.length === 0 ? (
            <Text>{view.noOwnDenials}</Text>
          ) : (
            <DataTable
              label={view.ownDenials}
              rows={value}
              keyOf={({ id }) => id}
              columns={[
                { title: view.time, cell: ({ eventTimestamp }) => formatTime(eventTimestamp) },
                {
                  title: view.outcome,
                  cell: ({ correlationId }) => <ExplainLink id={correlationId} registry={undefined} />,
                },
                { title: view.action, cell: ({ action }) => action },
                { title: view.target, cell: ({ target }) => shortTarget(target) },
                { title: view.address, cell: ({ remoteAddress }) => remoteAddress },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  )
}
