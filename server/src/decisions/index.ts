export { decisionDocument } from './decision-document.ts'
export { createDecisions, type Decisions } from './decisions.ts'
export {
  type AccessExplanation,
  type AllowedPrincipalPage,
  type Decision,
  accessExplanationResponse,
  allowedPrincipalsResponse,
  decisionResponse,
} from './model.ts'
