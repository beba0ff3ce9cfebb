import { Field, Input, Text, Textarea, makeStyles, tokens as theme } from '@fluentui/react-components'
import { useState } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import { changeScopeMap, putScopeMap } from '../../api/tokens.ts'
import type { ScopeMap } from '../../api/types.ts'
import { CaptionedText } from '../../components/elements/captioned-text.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const texts = rightsTexts.token
const namePattern = /^[a-zA-Z0-9_-]{5,50}$/

const useStyles = makeStyles({ code: { fontFamily: theme.fontFamilyMonospace } })

type ScopeMapDialogProps = {
  readonly registry: Registry
  /** Undefined to create one. */
  readonly scopeMap: ScopeMap | undefined
  /** The names of the scope maps that exist. */
  readonly taken: readonly string[]
  /** The tokens that use it. */
  readonly users: readonly string[]
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** Creates a scope map, or changes the actions of one, and says what its tokens lose. */
export function ScopeMapDialog({ registry, scopeMap, taken, users, onDone, onClose }: ScopeMapDialogProps) {
  const styles = useStyles()
  const before = scopeMap?.properties.actions ?? []
  const [name, setName] = useState(scopeMap?.name ?? '')
  const [text, setText] = useState(before.join('\n'))
  const actions = [...new Set(text.split(/\s+/).filter((line) => line !== ''))]
  const lost = before.filter((action) => !actions.includes(action))
  const isNew = scopeMap === undefined
  const isTaken = isNew && taken.some((each) => each.toLowerCase() === name.toLowerCase())
  const isReady = actions.length > 0 && namePattern.test(name) && !isTaken
  return (
    <ConfirmDialog
      title={isNew ? texts.createMap : texts.changeMap}
      confirm={isNew ? texts.createMap : words.save}
      isDisabled={!isReady}
      onClose={onClose}
      onConfirm={async () => {
        await (isNew ? putScopeMap(registry.id, name, { actions }) : changeScopeMap(registry.id, name, actions))
        await onDone()
      }}
    >
      {isNew ? (
        <Field label={words.name} hint={texts.mapNameHint} validationMessage={isTaken ? texts.taken : null} required>
          <Input value={name} spellCheck={false} onChange={(_event, { value }) => setName(value.trim())} />
        </Field>
      ) : (
        <Text>
          {name}. {texts.usedBy}: {users.length === 0 ? shared.none : users.join(', ')}
        </Text>
      )}
      <Field label={texts.actions} hint={texts.mapActionsHint} required>
        <Textarea
          rows={6}
          resize="vertical"
          spellCheck={false}
          textarea={{ className: styles.code }}
          value={text}
          onChange={(_event, { value }) => setText(value)}
        />
      </Field>
      {users.length > 0 && <Lost actions={lost} />}
      <CaptionedText label={shared.commandLine} text={commandOf(registry.name, name, isNew)} />
    </ConfirmDialog>
  )
}

function Lost({ actions }: { readonly actions: readonly string[] }) {
  if (actions.length === 0) return null
  return (
    <div>
      <Text>{rightsTexts.access.loses}</Text>
      <ul>
        {actions.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </div>
  )
}

function commandOf(registry: string, name: string, isNew: boolean): string {
  const shown = namePattern.test(name) ? name : 'NAME'
  const [verb, option] = isNew ? ['create', '--repository'] : ['update', '--add-repository']
  return `acrux acr scope-map ${verb} --name ${shown} --registry ${registry} ${option} team/app content/read`
}
