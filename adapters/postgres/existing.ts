import { maxPresentations } from 'stipend/ledger'
import { presentable, renewable, unresolved } from './statuses.js'

/** What finds the payment that a purchase, or one just like it, has already. */
export function existingFunctions(schema: string): string {
  return `
-- All that was signed with a payment's nonce.
CREATE OR REPLACE FUNCTION ${schema}.signed_terms(payment jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(payment->'earlier', '[]') || jsonb_build_array(
    jsonb_build_object('amount', payment->'amount', 'payTo', payment->'payTo'));
$$;

-- What has to agree for a payment to be sent again, as isPresentable says it.
CREATE OR REPLACE FUNCTION ${schema}.purchase_of(payment jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(payment->'requestDigest', payment->'terms'->'payer', payment->'terms'->'method',
    payment->'asset'->'network', payment->'asset'->'address', payment->'scheme', payment->'amount', payment->'payTo');
$$;

-- Presents the purchase's own payment, unless this one renews it, or another that nobody has resolved, of the same request.
CREATE OR REPLACE FUNCTION ${schema}.existing(wanted jsonb, live jsonb, options jsonb, now bigint)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  found_id text;
BEGIN
  IF live IS NOT NULL THEN
    -- As canRenewPayment says it.
    IF (options->>'renew')::boolean AND live->>'status' IN ${renewable}
      AND (wanted->'terms'->>'validBefore')::bigint >= (live->'terms'->>'validBefore')::bigint
      AND ${schema}.signed_terms(wanted) @> ${schema}.signed_terms(live) THEN RETURN NULL; END IF;
    found_id := live->>'id';
  ELSIF options->>'unresolvedForMs' IS NOT NULL THEN
    -- As bindsTwin says it.
    SELECT p.id INTO found_id FROM ${schema}.payments p
      WHERE p.request_digest = wanted->>'requestDigest' AND ${unresolved}
        AND now < GREATEST((p.payment->>'countsUntil')::bigint, (options->>'unresolvedForMs')::bigint
          + COALESCE((p.payment->>'sentAt')::bigint, (p.payment->>'createdAt')::bigint),
          COALESCE((p.payment->'terms'->>'openUntil')::bigint, 0) * 1000)
      ORDER BY p.seq DESC LIMIT 1;
  END IF;
  IF found_id IS NULL THEN RETURN NULL; END IF;
  -- As presentPayment says it.
  UPDATE ${schema}.payments p
    SET payment = p.payment || jsonb_build_object('presentations', (p.payment->>'presentations')::integer + 1, 'sentAt', now)
    WHERE p.id = found_id AND p.status IN ${presentable} AND (p.payment->>'presentations')::integer <= ${maxPresentations}
      AND ${schema}.purchase_of(p.payment) = ${schema}.purchase_of(wanted)
    RETURNING p.payment INTO live;
  IF FOUND THEN PERFORM ${schema}.append(found_id, ${schema}.canonical(live), now);
  ELSE SELECT p.payment INTO live FROM ${schema}.payments p WHERE p.id = found_id; END IF;
  RETURN jsonb_build_object('ok', false, 'reason', 'exists', 'payment', live);
END $$;
`
}
