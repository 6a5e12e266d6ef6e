"""The small words of languages other than English: what holds sentences together and names nothing.

Articles, pronouns, prepositions, conjunctions, auxiliary verbs and greetings, as any grammar lists them, in lower case
and with their accents. `lexical.STOP_WORDS` has those of English.
"""

from __future__ import annotations

_LISTS = {
    "de": (
        "aber alle allen aller alles als also am an andere anderen auch auf aus bei beim bereits bin bis bitte da "
        "dabei damit danach danke dann das dass daß dem den denn der des deshalb die dies diese diesem diesen "
        "dieser dieses doch dort du durch ein eine einem einen einer eines einfach einmal er es etwas euch euer "
        "für gar geht gibt hab habe haben hallo hat hatte hier hilfe ich ihm ihn ihr ihre ihren ihrer im immer in "
        "ins ist ja jede jeden jeder jedes jetzt kann kannst kein keine keinen können könnte leider mal man mehr "
        "mein meine meinem meinen meiner mich mir mit mittlerweile möchte muss müssen nach nicht nichts noch nun "
        "nur ob oder ohne schon sehr seit sein seine seinen sich sie sind so sollte sondern über um und uns unser "
        "unter vielen viel vom von vor wann war warum was weil weiter welche wenn wer werde werden wie wieder "
        "will wir wird wo wurde wurden würde zu zum zur zwar zwei"
    ),
    "fr": (
        "a afin ai aide alors après au aucun aucune aussi autre autres aux avait avant avec avez avoir bien "
        "bonjour bonsoir car ce ceci cela celle celui ces cet cette ceux chez comme comment cordialement d' dans "
        "de déjà depuis des deux dois doit donc du elle elles en encore entre est et étaient était être eu faire "
        "fait faut il ils j' jamais je jusqu l' la le les leur leurs lors lui m' ma mais me même merci mes moi "
        "mon n' ne ni non nos notre nous on ont ou où par parce pas peu peut peux plus plusieurs pour pourquoi "
        "pouvez puis qu' quand que quel quelle qui quoi s' sa salut sans se sera ses si son sont sous suis sur ta "
        "te tous tout toute toutes très tu un une vers voici vos votre vous y"
    ),
    "es": (
        "a ahora al algo algún alguna antes aquí así aunque ayuda bien buenas buenos cada como cómo con cual cuál "
        "cuando da de debe del desde después días donde dos durante e el él ella ellos en entonces entre era es "
        "esa ese eso esta está estaba están estas este esto estos estoy fue gracias ha había hace hacer hago han "
        "hasta hay he hola la las le les lo los más me mi mis mucho muy nada necesito ni no nos nuestro o os otra "
        "otro otros para pero poder por porque puede pueden puedo pues que qué quien quiero saludos se sea ser si "
        "sí sido sin sobre solo sólo son soy su sus también tan tanto te tengo tiene tienen toda todas todo todos "
        "tu un una uno unos usted ya yo"
    ),
    "it": (
        "a abbiamo ad adesso agli ai aiuto al alcune alcuni alla alle allo altra altri altro anche ancora avere "
        "aveva bene buongiorno buonasera c' che chi ciao ci cioè come con cosa così cui da dagli dai dal dalla "
        "dalle dallo de dei del dell' della delle dello deve di dopo dove due e è ed era erano essere fa fare "
        "fatto fino fra già gli grazie ha hai hanno ho i il in invece io l' la le lei li lo loro lui ma me mentre "
        "mi mia mie miei mio molto ne negli nei nel nell' nella nelle nello nessun nessuna niente no noi non "
        "nostro o ogni ora ormai per perché però più po' poi possibile posso possono prima può qual quale quali "
        "quando quanto quella quelle quelli quello questa queste questi questo qui quindi sarà se sei sempre "
        "senza si sì sia siamo sono sta stato stata su sua sue sugli sui sul sull' sulla sulle suo tra tutte "
        "tutti tutto un una uno va vi viene voglio vorrei"
    ),
    "pt": (
        "a agora ainda algo algum alguma antes ao aos após aqui as assim até bem boa bom cada com como da das de "
        "depois desde deste dia do dois dos e é ela elas ele eles em então entre era essa esse está estão estava "
        "este estou eu favor faz fazer foi foram grato há isso isto já lhe mais mas me mesmo meu meus minha muito "
        "na nas nem nenhum no nos nós não o obrigado obrigada olá onde os ou outra outro outros para pela pelo "
        "pode podem por porque posso pra preciso quais qual quando que quem quero se seja sem sempre ser será seu "
        "sido sim só sobre sou sua também tem tenho ter todas todos tudo um uma uns você vocês"
    ),
    "nl": (
        "aan al alle alleen als altijd andere bedankt ben bij daar dag dan dank dat de deze die dit doe doen door "
        "dus een eens er even gaat geen gewoon graag groet groeten had hallo hebben hebt heb heeft heel hem hen "
        "het hier hij hoe hulp ik iemand iets in is ja je jij jouw kan kon kunnen kunt maar mag mee meer met mij "
        "mijn moet moeten na naar niet niets nog nu of om omdat onder ons onze ook op over reeds sinds te tegen "
        "toch toen tot u uit uw van vanaf vandaag veel via voor waar waarom wat weer wel welke werd wie wij wil "
        "word worden wordt zal ze zelf zich zij zijn zo zonder zou"
    ),
    "pl": (
        "a aby ale ani bardzo bez bo by być był była było co coś czy dlaczego dla do dziękuję gdy gdzie go i ich "
        "ile im ja jak jako jakie je jego jej jest jestem już każdy kiedy która które który którzy ma mam mi mnie "
        "moje mój moja może można mogę mu na nad nie nic niż o od on ona one oni oraz po pod pomoc ponieważ "
        "proszę przed przez przy są się sobie ta tak także tam te tego tej ten też to tu tylko u w we wiem witam "
        "wszystkie wszystko z za że żeby"
    ),
    "cs": (
        "a aby ale ani až bez by být byl byla bylo co dobrý den děkuji do i ho já jak jako je jeho její jen jsem "
        "jsi jsou již k kde kdy když která které který mám má mi mít mně moc moje můj může na nad ne nebo není "
        "než o od on po pod podle pokud pro proč prosím přes při s se si jsme ta tak také tam ten tento to toto "
        "tu tuto v ve všechny vše z za ze že"
    ),
    "sv": (
        "alla allt att av bara bli blir där de dem den denna det detta dig din du då efter ej eller en ett fick "
        "finns för från får går göra gör ha hade har hej hjälp hur här i inga ingen inget inte jag kan kunde man "
        "med mig min mina mitt mot mycket måste nu när någon något några och om på sedan ska skulle så som tack "
        "till under upp ur ut vad var varför vi vid vill vilka är även över"
    ),
    "da": (
        "af alle alt at blev blive bliver da de dem den denne der det dette dig din du efter eller en er et får "
        "for fra gør har havde hej hjælp hvad hvis hvor hvordan hvorfor i igen ikke ind ingen jeg kan kun kunne "
        "man med meget men mig min mine mit må når nogen noget nogle nu og også om op på sig skal skulle som så "
        "tak til ud under var vi ved vil være"
    ),
    "no": (
        "alle alt at av bare ble bli blir da de dem den denne der det dette din du eller en er et etter få får "
        "for fra gjør ha hadde har hei hjelp hva hvis hvor hvordan hvorfor i igjen ikke ingen inn jeg kan kun "
        "kunne man med meg men min mine mitt mot må når noe noen nå og også om opp på seg skal skulle som så takk "
        "til under ut var ved vi vil være"
    ),
    "fi": (
        "ai aina ei eikä en ennen että he hei hän ja jo joka jos jotka jälkeen kaikki kanssa kiitos koska kuin "
        "kun me mikä miksi minulla minun minä miten mitä mukaan mutta myös ne niin noin nyt näin ole olen oli "
        "olla on ovat pitää saa sain se sekä sen siitä siis sitten sitä tai tämä tämän tässä tätä te vaan vai "
        "vain voi voiko"
    ),
    "hu": (
        "a akkor ami az azt be csak de egy ehhez el ez ezek ezt és ha hogy hogyan is itt jó kell köszönöm le "
        "lehet lesz ki kérem már meg mert mi mint most nagyon ne nem nekem nincs ő ott pedig s sem szeretnék után "
        "vagy van volt"
    ),
    "ro": (
        "a acest acum ai al ale am ar are asta au bună ca că când care ce cei cel cu cum da dar de deci din după "
        "e ea ei el este eu fi fără fost în îl îmi la le mai mă mi mulțumesc nu o pe pentru poate pot prin sa să "
        "se și sunt unde un una va"
    ),
    "ru": (
        "а без бы был была были было быть в вам вас весь во вот все всё всех вы где да для до добрый день его ее "
        "её если есть ещё еще же за здравствуйте и из или им их к как какие какой ко когда которая которые "
        "который кто ли лишь мне мной могу может можно мой моя мы на над надо нас не нет ни но ну о об он она они "
        "от очень по под подскажите пожалуйста после почему при про с сам себя со спасибо так также там то тоже "
        "только ты у уже чем что чтобы эта это этого этой этом этот эти я"
    ),
    "uk": (
        "а але без би був була було бути в вам вас ви від все всі де для до дякую же за з зі і із й його її їх к "
        "коли мене мені мій може можна моя на над не немає ні ну о он по під після при про прошу с себе та так "
        "також там те ти тільки то у це цей ці чи чому що щоб я як яка які який"
    ),
    "tr": (
        "acaba ama bana bazı ben beni benim bir bu bunu çok da daha de değil diye en gibi göre hem hep her hiç "
        "için ile ise kadar ki lütfen merhaba mi mı mu mü nasıl ne neden nerede o olan olarak oldu olduğu olur "
        "sadece sonra şey şu tüm teşekkürler var ve veya ya yok"
    ),
    "id": (
        "ada adalah agar akan anda apa atau bagaimana bisa dalam dan dari dengan di hal hanya harus ini itu juga "
        "kalau kami karena ke kenapa lagi lebih mohon oleh pada saat saya sebagai sudah tapi telah terima kasih "
        "tidak untuk yang"
    ),
}
SMALL_WORDS = {code: frozenset(words.split()) for code, words in _LISTS.items()}
"""By ISO 639-1 code. Written with an apostrophe are those that lean on the next word: *l'*, *dell'*."""
SMALL_WORDS["nb"] = SMALL_WORDS["nn"] = SMALL_WORDS["no"]
NONE: frozenset[str] = frozenset()


def leans(word: str, *, small: frozenset[str]) -> str:
    """Return a word without the small one that leans on it.

    Examples
    --------
    >>> leans("l'envoi", small=SMALL_WORDS["fr"])
    'envoi'
    >>> leans("aujourd'hui", small=SMALL_WORDS["fr"])
    "aujourd'hui"
    """
    first, mark, rest = word.partition("'")
    return rest if mark and rest and f"{first}'" in small else word
