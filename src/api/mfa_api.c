/* The second factor of the signed-in user. */
#include "accounts/mfa.h"
#include "api/api.h"
#include "api/auth_api.h"
#include "api/route.h"
#include "api/schemas.h"
#include "codec/json_write.h"
#include "codec/qr.h"

enum {
	CODES_BYTES_MAX = 1024,
};

static const struct field mfa_fields[] = {
	FIELD(struct mfa_status, enabled_at, OPT_TIME,
		"since when signing in asks for a code; null: it does not"),
	FIELD(struct mfa_status, is_begun, BOOL,
		"whether a secret waits to be confirmed"),
	FIELD(struct mfa_status, recovery_codes_left, I64, ""),
	FIELD(struct mfa_status, removal_opens_at, OPT_TIME,
		"when its removal, which an administrator started, may be confirmed by "
		"the link; null: none was started"),
};
const struct row_schema mfa_schema = ROW_SCHEMA(
	"mfa", struct mfa_status, mfa_fields, "How the second factor stands");

struct enrolment_row {
	struct str secret;
	struct str uri;
	struct str qr_svg;
};

static const struct field enrolment_fields[] = {
	FIELD(struct enrolment_row, secret, TEXT, "in base32, for typing into the app"),
	FIELD(struct enrolment_row, uri, TEXT, "the same as an otpauth:// link"),
	FIELD(struct enrolment_row, qr_svg, TEXT,
		"the link as a QR code, an SVG element"),
};
const struct row_schema mfa_enrolment_schema = ROW_SCHEMA("mfa_enrolment",
	struct enrolment_row, enrolment_fields,
	"A new secret for an authenticator app, shown once");

struct codes_row {
	struct str recovery_codes; /* a JSON array */
};

static const struct field codes_fields[] = {
	FIELD(struct codes_row, recovery_codes, TEXTS,
		"ten codes, each good once in place of the app's"),
};
const struct row_schema recovery_codes_schema = ROW_SCHEMA("recovery_codes",
	struct codes_row, codes_fields, "New recovery codes, shown once");

static struct answer
answer_codes(struct request *rq, const struct recovery_codes *codes)
{
	struct codes_row row;
	struct json json;
	struct buf text;

	buf_init(&text, rq->ctx->arena, CODES_BYTES_MAX);
	json = json_begin(&text);
	json_put_array(&json);
	for (size_t i = 0; i < MFA_RECOVERY_CODES; i++)
		json_put_text(&json, codes->codes[i]);
	json_put_array_end(&json);
	if (buf_is_cut(&text))
		return answer_problem(err_no_memory());
	row.recovery_codes = buf_str(&text);
	return answer_secret(rq, &recovery_codes_schema, &row);
}

struct answer
api_mfa_get(struct request *rq)
{
	struct mfa_status status;

	ANSWER_ERR(mfa_status(rq->ctx, &status));
	return answer_row(rq, &mfa_schema, &status);
}

struct answer
api_mfa_begin(struct request *rq)
{
	const struct confirmation_body *in = BODY_OF(rq, confirmation);
	struct mfa_enrolment enrolment;
	struct enrolment_row row;

	ANSWER_ERR(mfa_begin(rq->ctx, in->password, &enrolment));
	row = (struct enrolment_row){ .secret = enrolment.secret, .uri = enrolment.uri };
	ANSWER_ERR(qr_svg(rq->ctx->arena, enrolment.uri, &row.qr_svg));
	return answer_secret(rq, &mfa_enrolment_schema, &row);
}

struct answer
api_mfa_confirm(struct request *rq)
{
	const struct code_body *in = BODY_OF(rq, code);
	struct recovery_codes codes;

	ANSWER_ERR(mfa_confirm(rq->ctx, rq->caller.session_family, in->code, &codes));
	return answer_codes(rq, &codes);
}

struct answer
api_mfa_renew_codes(struct request *rq)
{
	const struct mfa_proof_body *in = BODY_OF(rq, mfa_proof);
	struct proof proof = { .password = in->password, .code = in->code };
	struct recovery_codes codes;

	ANSWER_ERR(mfa_renew_codes(rq->ctx, &proof, &codes));
	return answer_codes(rq, &codes);
}

struct answer
api_mfa_disable(struct request *rq)
{
	const struct mfa_proof_body *in = BODY_OF(rq, mfa_proof);
	struct proof proof = { .password = in->password, .code = in->code };

	if (rq->api->requires_mfa)
		return answer_problem(err_new(rq->ctx, ERR_DENIED,
			"this service asks everybody for a second factor"));
	ANSWER_ERR(mfa_disable(rq->ctx, &proof));
	return answer_empty(204);
}
