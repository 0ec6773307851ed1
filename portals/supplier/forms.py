"""What a supplier can ask the contracts for."""

from portals.forms import Field, Form, Kind

REGISTER = Form(
    contract="registry",
    method="register",
    fields=(
        Field(name="name", kind=Kind.LINE),
        Field(name="nib_commitment", kind=Kind.HIDDEN_DATA),
        Field(name="npwp_commitment", kind=Kind.HIDDEN_DATA),
    ),
    script="page-register.js",
)

FORMS = {form.name: form for form in (REGISTER,)}
