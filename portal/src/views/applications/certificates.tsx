import { Field, Textarea } from '@fluentui/react-components'
import { useState } from 'react'
import { addCertificate, deleteCertificate } from '../../api/applications.ts'
import type { GraphApplication, GraphKeyCredential } from '../../api/graph-types.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { actionColumn } from '../../components/table/action-column.tsx'
import { Table } from '../../components/table/table.tsx'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { Section } from '../../components/elements/page.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { useObjectOwnerReason } from '../../components/identities/use-directory-role.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { Expiry } from './secrets.tsx'
import { useChangedApplication } from './use-application.ts'

const view = identitiesTexts.application

/** The certificates of an application. */
export function Certificates({ application }: { readonly application: GraphApplication }) {
  const { id, keyCredentials: certificates } = application
  const reason = useObjectOwnerReason('applications', id)
  const changed = useChangedApplication(id)
  const [question, setQuestion] = useState<Question>()
  const [isAdding, setAdding] = useState(false)
  const ask = (certificate: GraphKeyCredential) =>
    setQuestion({
      title: view.deleteCertificate(nameOf(certificate)),
      text: view.deleteSecretText,
      action: identitiesTexts.remove,
      act: () => deleteCertificate(id, certificates, certificate.keyId).then(changed),
    })
  return (
    <Section title={view.certificates}>
      <ActionBar actions={[{ label: view.addCertificate, reason, act: () => setAdding(true) }]} />
      <Table
        isWrapped
        label={view.certificates}
        empty={view.noCertificates}
        rows={certificates}
        keyOf={({ keyId }) => keyId}
        columns={[
          { title: words.name, cell: ({ displayName }) => displayName ?? texts.none },
          { title: view.thumbprint, cell: ({ customKeyIdentifier }) => <code>{customKeyIdentifier}</code> },
          { title: words.expires, cell: ({ endDateTime }) => <Expiry time={endDateTime} /> },
          actionColumn({
            text: identitiesTexts.remove,
            label: (certificate) => view.deleteCertificate(nameOf(certificate)),
            reason,
            act: ask,
          }),
        ]}
      />
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
      {isAdding && <AddCertificate application={application} onClose={() => setAdding(false)} />}
    </Section>
  )
}

const nameOf = ({ displayName, customKeyIdentifier }: GraphKeyCredential) => displayName ?? customKeyIdentifier

type AddCertificateProps = { readonly application: GraphApplication; readonly onClose: () => void }

function AddCertificate({ application, onClose }: AddCertificateProps) {
  const { id, keyCredentials } = application
  const [text, setText] = useState('')
  const changed = useChangedApplication(id)
  const hasPrivateKey = /PRIVATE KEY/.test(text)
  const submit = async () => {
    await addCertificate(id, keyCredentials, text)
    await changed()
    onClose()
  }
  return (
    <FormDialog
      title={view.addCertificate}
      action={view.addCertificate}
      isReady={text.trim() !== '' && !hasPrivateKey}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={view.certificate}
        hint={view.certificateText}
        required
        {...(hasPrivateKey && ({ validationState: 'error', validationMessage: view.privateKey } as const))}
      >
        <Textarea rows={8} value={text} onChange={(_event, { value }) => setText(value)} spellCheck={false} />
      </Field>
    </FormDialog>
  )
}
