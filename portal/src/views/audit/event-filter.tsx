import { Button, Field, Input, Select, makeStyles, tokens } from '@fluentui/react-components'
import type { FormEvent } from 'react'
import type { EventSearch } from '../../api/audit.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { parseEventSearch, toLocalText } from './event-search.ts'

const { filters, outcomes } = operationsTexts
const hourMs = 3_600_000

const useStyles = makeStyles({
  fields: {
    display: 'grid',
    alignItems: 'start',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(15rem, 100%), 1fr))',
    gap: tokens.spacingHorizontalM,
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, marginTop: tokens.spacingVerticalM },
})

type EventFilterProps = { readonly search: EventSearch; readonly onSearch: (search: EventSearch) => void }

/** The filters of the log. They are in the address, so that a search can be shared. */
export function EventFilter({ search, onSearch }: EventFilterProps) {
  const styles = useStyles()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    onSearch(parseEventSearch(Object.fromEntries(new FormData(event.currentTarget))))
  }
  const since = (hours: number) => {
    const { to: _, ...rest } = search
    onSearch({ ...rest, from: new Date(Date.now() - hours * hourMs).toISOString() })
  }
  return (
    <form key={JSON.stringify(search)} onSubmit={submit} role="search" aria-label={words.search}>
      <div className={styles.fields}>
        <Field label={filters.from}>
          <Input name="from" type="datetime-local" defaultValue={toLocalText(search.from)} />
        </Field>
        <Field label={filters.to}>
          <Input name="to" type="datetime-local" defaultValue={toLocalText(search.to)} />
        </Field>
        <Field label={words.outcome}>
          <Select name="outcome" defaultValue={search.outcome ?? ''}>
            {Object.entries(outcomes).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={filters.principal} hint={filters.principalHint}>
          <Input name="principal" defaultValue={search.principal ?? ''} spellCheck={false} />
        </Field>
        <Field label={words.action} hint={filters.actionHint}>
          <Input name="action" defaultValue={search.action ?? ''} spellCheck={false} />
        </Field>
        <Field label={words.address} hint={filters.addressHint}>
          <Input name="address" defaultValue={search.address ?? ''} spellCheck={false} />
        </Field>
        <Field label={filters.id}>
          <Input name="id" defaultValue={search.id ?? ''} spellCheck={false} />
        </Field>
      </div>
      <div className={styles.buttons}>
        <Button type="submit" appearance="primary">
          {words.search}
        </Button>
        <Button onClick={() => onSearch({})}>{filters.clear}</Button>
        <Button onClick={() => onSearch({ ...search, outcome: 'refused' })}>{filters.denials}</Button>
        <Button onClick={() => since(1)}>{filters.lastHour}</Button>
        <Button onClick={() => since(24)}>{filters.lastDay}</Button>
        <Button onClick={() => since(7 * 24)}>{filters.lastWeek}</Button>
      </div>
    </form>
  )
}
