import { Text } from '@fluentui/react-components'
import { Table } from '../../components/table/table.tsx'
import { ExplainLink } from '../../components/elements/explain-link.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { Older } from './older.tsx'
import { shortTarget } from './short-target.ts'
import { useOwnDenials } from '../events/use-events.ts'

const view = operationsTexts

/** The denied requests of the person, for those who may not read the log. */
export function OwnDenials() {
  const query = useOwnDenials()
  return (
    <Section title={view.ownDenials}>
      <Loaded query={query}>
        {({ pages }) => {
          const denials = pages.flatMap(({ events }) => events)
          if (denials.length === 0) return !query.hasNextPage && <Text>{view.noOwnDenials}</Text>
          return (
            <Table
              isWrapped
              label={view.ownDenials}
              rows={denials}
              keyOf={({ id }) => id}
              columns={[
                { title: view.time, cell: ({ eventTimestamp }) => formatTime(eventTimestamp) },
                {
                  title: words.outcome,
                  cell: ({ correlationId }) => <ExplainLink id={correlationId} registry={undefined} />,
                },
                { title: words.action, cell: ({ action }) => action },
                { title: view.target, cell: ({ target }) => shortTarget(target) },
                { title: words.address, cell: ({ remoteAddress }) => remoteAddress },
              ]}
            />
          )
        }}
      </Loaded>
      <Older query={query} />
    </Section>
  )
}
