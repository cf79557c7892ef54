"""What certificates add to the dataset of trainees."""

from typing import Any

from sqlalchemy import Integer, cast, func, select

from lms.certificates.models import Certificate
from lms.enrollment.models import Enrolment
from lms.kernel.datasets import Measure, MeasureAddition
from lms.kernel.i18n import N_

# SQLModel types a column as its value; in a statement it is a column.
_Certificate: Any = Certificate
_Enrolment: Any = Enrolment

# Counted per enrolment first: an enrolment with two kinds of certificate stays one row.
_VALID: Any = (
    select(_Certificate.enrolment_id, func.count().label("certificates"))
    .where(_Certificate.status == "valid")
    .group_by(_Certificate.enrolment_id)
    .subquery("valid_certificates")
)

CERTIFICATES = MeasureAddition(
    dataset="trainees",
    measure=Measure(
        "certificates", N_("Certificates"), cast(func.coalesce(func.sum(_VALID.c.certificates), 0), Integer),
        definition=N_("Certificates of these enrolments that are valid now; revoked and replaced ones are left out."),
    ),
    table=_VALID,
    on=_VALID.c.enrolment_id == _Enrolment.id,
)  # fmt: skip
