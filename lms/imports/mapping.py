"""Which column of a file is which of ours: guessed by its name, and changed by whoever imports."""

import re
from collections.abc import Mapping, Sequence

from lms.kernel.errors import Invalid
from lms.kernel.i18n import N_, _
from lms.kernel.importing import Column, Importer
from lms.kernel.text import fold

LEAVE_OUT = ""
"""A column that is not taken."""

# What people and other programs call our columns, folded and without spaces. An importer's own synonyms come first.
_COMMON = {
    "email": "mail emailaddress correo correoelectronico adresseelectronique courriel eposta",
    "given_name": "firstname givenname forename nombre nombres prenom primernombre nome vorname",
    "family_name": "lastname surname familyname apellido apellidos nomdefamille sobrenome nachname",
    "country": "countrycode pais pays land",
    "region": "regioncode zona",
    "gender": "sex sexo genero genre geschlecht",
    "organisation": "organization institution company employer organizacion institucion organisme organizacao empresa",
    "organisation_type": "organizationtype typeoforganisation tipodeorganizacion typedorganisme",
    "language": "lang idioma lengua langue lingua sprache",
    "code": "shortname codigo idnumber",
    "title": "fullname titulo titre name",
    "course": "coursecode curso cours",
    "cohort": "cohortcode cohorte edition edicion",
    "starts": "startdate start starton inicio debut fechadeinicio",
    "ends": "enddate end endon fin final fechadefin",
    "seats": "places plazas cupos capacity",
    "tutors": "tutor teachers docentes tutores formateurs",
    "status": "state estado etat",
    "enrolled_on": "enrolledat enrolmentdate fechadeinscripcion datedinscription",
    "completed_on": "completedat completiondate fechadefinalizacion",
    "item": "gradeitem assignment actividad tarea activite",
    "score": "grade points mark nota puntaje calificacion note",
    "max_score": "maxpoints maximum outof puntajemaximo notemaximale",
    "feedback": "comment comments comentario commentaire remarks",
    "graded_on": "gradedat gradingdate fechadecalificacion",
    "name": "nombre nom titulo titre",
    "parent": "parentcode padre",
    "countries": "paises",
    "summary": "description resumen descripcion resume",
    "topic": "tema theme subject",
    "weeks": "semanas semaines",
    "hours": "horas heures workload",
    "programme": "program programa",
}  # fmt: skip


def guess(importer: Importer, columns: Sequence[str]) -> dict[str, str]:
    """Each column of the file -> the column of ours that its name means, or LEAVE_OUT. Each of ours is used once, the best name first."""
    found = dict.fromkeys(columns, LEAVE_OUT)
    for meanings in _dictionaries(importer):
        for column in columns:
            meant = meanings.get(plain(column))
            if meant and not found[column] and meant not in found.values():
                found[column] = meant
    return found


def _dictionaries(importer: Importer) -> list[dict[str, str]]:
    """Name -> our column, the surest first."""
    common = {word: ours for ours in importer.known for word in _COMMON.get(ours, "").split()}
    titles = {plain(str(column.title)): column.name for column in importer.columns}
    return [{plain(name): name for name in importer.known}, {plain(name): ours for name, ours in importer.synonyms.items()}, titles, common]


def plain(name: str) -> str:
    """A name without what people write differently: case, accents, spaces and marks between words."""
    return re.sub(r"[\W_]+", "", fold(name))


def check(importer: Importer, mapping: Mapping[str, str], fixed: Mapping[str, str] | None = None) -> None:
    """Raise Invalid, by column of the file, where a column is not ours or is used twice; for the whole where a required one is missing."""
    errors: dict[str, str] = {}
    used: dict[str, str] = {}
    for column, ours in mapping.items():
        if ours == LEAVE_OUT:
            continue
        if ours not in importer.known:
            errors[column] = str(N_("Please choose one of the options."))
        elif ours in used:
            errors[column] = _("“{column}” is this already.").format(column=used[ours])
        used[ours] = column
    if missing := [column for column in importer.columns if column.required and column.name not in {*used, *(fixed or {})}]:
        errors[""] = needed(missing)
    if errors:
        raise Invalid(errors)


def needed(missing: Sequence[Column]) -> str:
    """The sentence that says which columns a file lacks."""
    return _("These columns are needed: {columns}.").format(columns=", ".join(str(column.title) for column in missing))
