import { Field, Input, Select, Switch, Text, Textarea, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { checkNetworkAccess } from '../../api/policies.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { NetworkAccess } from '../../api/types.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Section } from '../../components/elements/page.tsx'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { type Rules, rulesOf, changeOf } from './network-change.ts'
import { useChange } from './use-policies.ts'

const view = operationsTexts.policies

const useStyles = makeStyles({
  narrow: { maxWidth: '24rem' },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
})

type NetworkRulesProps = {
  readonly registry: Registry
  /** An address to add, as a denial proposes it. */
  readonly address: string | undefined
}

/** The network rules of a registry, with a check whether the person would still have access. */
export function NetworkRules({ registry, address }: NetworkRulesProps) {
  const styles = useStyles()
  const { reason, save } = useChange(registry)
  const [rules, setRules] = useState<Rules>(() => rulesOf(registry, address))
  const [other, setOther] = useState('')
  const [found, setFound] = useState<NetworkAccess>()
  const [error, setError] = useState<unknown>()
  const [state, setState] = useState<'idle' | 'asking' | 'saved'>('idle')
  const attempt = async (act: () => Promise<void>) => {
    setError(undefined)
    setState('idle')
    try {
      await act()
    } catch (failure) {
      setError(failure)
    }
  }
  const check = (from: string) => checkNetworkAccess(registry.id, changeOf(rules), from)
  const saveNow = async () => {
    await save(changeOf(rules))
    setState('saved')
  }
  const saveUnlessLockedOut = () =>
    attempt(async () => {
      const own = await check('')
      if (own.allowed) return saveNow()
      setFound(own)
      setState('asking')
    })
  const change = (part: Partial<Rules>) => {
    setFound(undefined)
    setRules({ ...rules, ...part })
  }
  return (
    <Section title={view.network}>
      <Text>{view.networkHint}</Text>
      <Fields rules={rules} onChange={change} isDisabled={reason !== undefined} />
      <Field label={view.checkOther} hint={view.checkHint} className={styles.narrow}>
        <Input value={other} onChange={(_event, { value }) => setOther(value.trim())} spellCheck={false} />
      </Field>
      <div className={styles.buttons}>
        <ActionButton onClick={() => void attempt(async () => setFound(await check(other)))}>{view.check}</ActionButton>
        <ActionButton
          appearance="primary"
          reason={reason}
          aria-label={`${words.save}: ${view.network}`}
          onClick={() => void saveUnlessLockedOut()}
        >
          {words.save}
        </ActionButton>
      </div>
      <div role="status">{found !== undefined && <Text>{verdictOf(found)}</Text>}</div>
      {error !== undefined && <ErrorView isAct error={error} />}
      <DoneMessage text={state === 'saved' ? operationsTexts.saved : undefined} />
      {state === 'asking' && (
        <ConfirmDialog
          title={view.lockOut}
          confirm={words.save}
          onConfirm={saveNow}
          onClose={() => setState((now) => (now === 'asking' ? 'idle' : now))}
        >
          <Text>{view.lockOutLoses}</Text>
        </ConfirmDialog>
      )}
    </Section>
  )
}

type FieldsProps = {
  readonly rules: Rules
  readonly onChange: (part: Partial<Rules>) => void
  readonly isDisabled: boolean
}

function Fields({ rules: { isPublic, defaultAction, addresses }, onChange, isDisabled }: FieldsProps) {
  const styles = useStyles()
  return (
    <>
      <Switch
        label={`${view.publicAccess}: ${isPublic ? words.on : words.off}`}
        checked={isPublic}
        disabled={isDisabled}
        onChange={(_event, { checked }) => onChange({ isPublic: checked })}
      />
      {!isPublic && <Text>{view.publicOff}</Text>}
      <Field label={view.defaultAction} className={styles.narrow}>
        <Select
          value={defaultAction}
          disabled={isDisabled}
          onChange={(_event, { value }) => onChange({ defaultAction: value === 'Deny' ? 'Deny' : 'Allow' })}
        >
          <option value="Allow">{view.allow}</option>
          <option value="Deny">{view.deny}</option>
        </Select>
      </Field>
      <Field label={view.ipRules} hint={view.ipRulesHint} className={styles.narrow}>
        <Textarea
          value={addresses}
          disabled={isDisabled}
          rows={5}
          spellCheck={false}
          onChange={(_event, { value }) => onChange({ addresses: value })}
        />
      </Field>
    </>
  )
}

function verdictOf({ address, isCaller, allowed, reason }: NetworkAccess): string {
  const who = `${isCaller ? view.you : view.other} ${address},`
  if (allowed) return `${who} ${view.getsIn}`
  return `${who} ${view.isDenied} ${codeText(operationsTexts.failures, reason ?? '')}`
}
