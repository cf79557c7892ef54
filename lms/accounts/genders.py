"""How people write a gender in their spreadsheets, in the languages of the programmes, and what it is kept as."""

from lms.kernel.text import fold

_WRITTEN = {
    "female": "f female woman w girl ms mrs miss mujer femenino femenina fem hembra sra srta senora senorita feminino feminina mulher "
    "femme feminin feminine mme mlle weiblich frau donna femmina femminile vrouw kvinna kvinne kvinde nainen kobieta zena zhenshchina "
    "perempuan wanita kadin nu mwanamke ж женский женщина ж. أنثى امرأة 女 女性 여성 여 महिला নারী ሴት",
    "male": "m male man boy mr hombre masculino masculina masc varon h sr senor homem homme masculin masculine mannlich mann "
    "herr uomo maschio maschile mann man heer mies mezczyzna muz muzhchina laki-laki pria erkek nam mwanamume мужской мужчина муж "
    "ذكر رجل 男 男性 남성 남 पुरुष পুরুষ ወንድ",
    "other": "o x other nb nonbinary non-binary enby diverse divers genderqueer otro otra otre outro outra autre altro andere "
    "no-binario no-binaria no-binarie nao-binario nao-binaria non-binaire nicht-binar third-gender queer agender genderfluid",
    "undisclosed": "u n/a na none unknown undisclosed unspecified prefer-not-to-say rather-not-say not-stated not-specified "
    "no-especificado prefiero-no-decirlo prefiero-no-decir sin-especificar desconocido nao-informado prefiro-nao-dizer "
    "non-precise inconnu keine-angabe unbekannt - ?",
}
_KNOWN = {fold(word).replace("-", " ").strip() or word: gender for gender, words in _WRITTEN.items() for word in words.split()}


def understood(text: str) -> str | None:
    """female, male, other or undisclosed; None where the text says none of them. Nothing said is undisclosed."""
    if not text.strip():
        return "undisclosed"
    folded = fold(text)
    return _KNOWN.get(folded.replace("-", " ").replace("_", " ").strip(" .") or folded)
