import { Button, Field, SearchBox, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { maxValueLength } from '../../components/elements/search-params.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { words } from '../../components/texts/words.ts'

const view = imagesTexts.home

const useStyles = makeStyles({
  form: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-start', gap: tokens.spacingHorizontalM },
  field: { flexGrow: 1, maxWidth: '40rem', minWidth: '12rem' },
  // Beside the field, not below it.
  button: { marginTop: '1.6rem', '@media (max-width: 480px)': { marginTop: 0 } },
})

/** Searches everything that the person may see. */
export function SearchForm({ initial }: { readonly initial: string }) {
  const styles = useStyles()
  const navigate = useNavigate()
  const [text, setText] = useState(initial)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void navigate({ to: '/search', search: { q: text.trim() } })
  }
  return (
    <form role="search" className={styles.form} onSubmit={submit}>
      <Field label={words.search} hint={view.searchHint} className={styles.field}>
        <SearchBox
          className={styles.field}
          maxLength={maxValueLength}
          value={text}
          onChange={(_event, { value }) => setText(value)}
        />
      </Field>
      <Button type="submit" className={styles.button}>
        {words.search}
      </Button>
    </form>
  )
}
