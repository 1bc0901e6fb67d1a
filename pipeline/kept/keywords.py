"""The words before the colon of a Gherkin block: "Feature", "Scenario", "Examples" and the like.

Of every language that Gherkin is written in; facts of that format, no sentence of any story.
"""

from __future__ import annotations

import unicodedata

_WORDS = """
Ability|Abilità|Abstract Scenario|Abstrakt Scenario|Achtergrond|Aer|Agtergrond|Ahoy matey!
All gussied up|All hat and no cattle|Antecedentes|Antecedents|Arka Plan|Arwedd|Aspekt|Atburðarás
Atburðarásir|Aturan|Awww, look mate|B4|Background|Baggrund|Bakgrund|Bakgrunn|Bakgrunnur|Beispiel
Beispiele|Beispill|Beispiller|Besigheid Behoefte|Biznis potreba|Business Need
Busy as a hound in flea season|Bối cảnh|Caracteristica|Característica|Carauterística|Caso|Casu
Cefndir|Cenario|Cenario de Fundo|Cenarios|Cenário|Cenário de Fundo|Cenários|Contesto|Context
Contexte|Contexto|Conto|Contoh|Contone|Cás|Cás Achomair|Cúlra|Cцэнар|Dasar
Dead men tell no tales|Delineacao do Cenario|Delineação do Cenário|Değerler
Dis is what went down|Durum|Dyagram Senaryo|Dyagram senaryo|Dæmi|Dữ liệu|EXAMPLZ|Egenskab
Egenskap|Egzanp|Eiginleiki|Eixemplo|Eixemplos|Ejemplo|Ejemplos|Eksempel|Eksempler|Ekzemplo
Ekzemploj|Enghraifft|Enghreifftiau|Esbozo do escenario|Esbozu del casu|Escenari|Escenario|Esempi
Esempio|Esigenza di Business|Esquema de l'escenari|Esquema del caso|Esquema del escenario
Esquema do Cenario|Esquema do Cenário|Example|Examples|Exempel|Exemple|Exemples|Exemplo|Exemplos
Exemplu|Feature|First off|Fitur|Fonctionnalité|Fonksyonalite|Fono|Forgatókönyv
Forgatókönyv vázlat|Funcionalidade|Funcionalitat|Functionalitate|Functionaliteit|Funcţionalitate
Funcționalitate|Fundo|Fungsi|Funkcia|Funkcija|Funkcionalitāte|Funkcionalnost|Funkcja|Funksie
Funktion|Funktionalität|Funktionalitéit|Funzionalità|Fīča|Garis Panduan Senario
Garis-Besar Skenario|Gereksinim|Geçmiş|Giriş|Gné|Grundlage|Hannergrond|Heave to|Hintergrund
Hwaet|Hwæt|Háttér|Hüküm|Istorik|Jellemző|Juhtum|Juhtumid|Kaide|Karakteristik|Karakteristika|Kazo
Kazo-skizo|Keadaan|Kerangka Keadaan|Kerangka Senario|Kerangka Situasi|Keçmiş|Khung kịch bản
Khung tình huống|Koncept|Konsep skenario|Kontekst|Kontekstas|Konteksts|Kontext
Konturo de la scenaro|Kontèks|Kullanıcı Hikayesi|Kural|Kịch bản|Lastnost|Latar Belakang
Lemme tell y'all a story|Lýsing Atburðarásar|Lýsing Dæma|MISHUN|MISHUN SRSLY|Madde|Mak
Mevcut Durum|Misal|Mogucnost|Mogućnost|Mozhnost|Moznosti|Možnosti|Mukaddime|Na primer
Necesidad del negocio|Now that's a story longer than a cattle drive in July|Náčrt Scenára
Náčrt Scenáru|Náčrt Scénáře|Nümunə|Nümunələr|OH HAI|Omadus|Ominaisuus|Oris scenarija|Osnova
Osnova Scenára|Osnova scénáře|Osnutek|Osobina|Ozadje|Paraugs|Pavyzdys|Pavyzdžiai|Piemēri|Piemērs
Plan Senaryo|Plan du Scénario|Plan du scénario|Plan senaryo|Plang vum Szenario
Potrzeba biznesowa|Pozadie|Pozadina|Pozadí|Požadavek|Požiadavka|Pravidlo|Pravilo
Pregled na scenarija|Pretty much|Primer|Primeri|Primjer|Primjeri|Przykład|Przykłady|Príklad
Príklady|Példa|Példák|Příklad|Příklady|Qap|Qu'meH 'ut|Quy tắc|Raamjuhtum|Raamstsenaarium
Reckon it's like|Reegel|Reel|Regel|Regla|Regla de negocio|Regola|Regra|Regulo|Reguła|Requisito
Rerefons|Reël|Riail|Rule|Rule |Règle|Sampla|Samplaí|Savybė|Scenaria|Scenarie|Scenarij|Scenarijai
Scenarijaus šablonas|Scenariji|Scenariju|Scenariju-obris|Scenarijus|Scenario|Scenario Amlinellol
Scenario Outline|Scenario Template|Scenario-outline|Scenariomal|Scenariomall|Scenarios|Scenariu
Scenariusz|Scenaro|Scenár|Scenārijs|Scenārijs pēc parauga|Schema dello scenario|Scénario|Scénář
Se the|Se ðe|Se þe|Senario|Senaryo|Senaryo Deskripsyon|Senaryo deskripsyon|Senaryo taslağı
Senaryo şablonu|Serious as a snake bite|Shiver me timbers|Situasi|Situasie
Situasie Uiteensetting|Situācija|Skenario|Skenario konsep|Skica|Skizo|Sodrzhina|Ssenari
Ssenarinin strukturu|Structura scenariu|Structură scenariu|Struktura scenarija|Stsenaarium|Swa
Swa hwaer swa|Swa hwær swa|Szablon scenariusza|Szabály|Szenarien|Szenario|Szenariogrundriss
Tapaukset|Tapaus|Tapausaihio|Taust|Tausta|Teknik Gereksinim|The thing of it is
This ain’t my first rodeo|Trajto|Tình huống|Tính năng|Vaka|Variantai|Vermoë|Vlastnosť|Voorbeeld
Voorbeelde|Voorbeelden|Voraussetzungen|Vorbedingungen|Wharrimean is|Właściwość|Yetenek|Yo-ho-ho
You'll wanna|Zasada|Założenia|Značilnost|ghantoH|laH|lut|lut chovnatlh|lutmey|mo'|perbogh
poQbogh malja'|Ær|Ön Koşul|Önceki Durum|Önkoşul|Örnek|Örnekler|Özellik|Özəllik|İş Gereksinimi
İş Kuralı|İşlev|Δυνατότητα|Λειτουργία|Παράδειγμα|Παραδείγματα|Περίγραμμα Σεναρίου
Περιγραφή Σεναρίου|Σενάρια|Σενάριο|Υπόβαθρο|Агуулга|Бизнис потреба|Значения|Кантэкст|Кереш
Контекст|Концепт|Мисаллар|Мисоллар|Могућност|Можност|Мөмкинлек|На пример|Основа|Особина
Передумова|Позадина|Правило|Правілы|Преглед на сценарија|Предистория|Предыстория|Приклад
Приклади|Пример|Примери|Примеры|Прыклады|Рамка на сценарий|Свойство|Скица|Содржина
Структура сценария|Структура сценарија|Структура сценарію|Сценар|Сценарий|Сценарий структураси
Сценарийның төзелеше|Сценарио|Сценарија|Сценарији|Сценарын төлөвлөгөө|Сценарій|Сцэнарый|Тарих
Тухайлбал|Узор сцэнара|Фича|Функц|Функционал|Функционалност|Функциональность|Функция
Функцыянальнасць|Функціонал|Фіча|Шаблон сценария|Шаблон сцэнарыя|Үзенчәлеклелек|Үрнәкләр
Կոնտեքստ|Հատկություն|Սցենար|Սցենարի կառուցվացքը|Օրինակ|Օրինակներ|Ֆունկցիոնալություն|דוגמא
דוגמאות|כלל|רקע|תבנית תרחיש|תכונה|תרחיש|الخلفية|الگوی سناریو|امثلة|خاصية|خصوصیت|زمینه|سناریو
سيناريو|سيناريو مخطط|صلاحیت|قابلیت|قانون|مثال|مثالیں|مقدمات|منظر نامے کا خاکہ|منظرنامہ|نمونه ها
ویژگی|پس منظر|پیش زمینه|کاروبار کی ضرورت|उदाहरण|उदाहरणहरु|नियम|परिदृश्य|परिदृश्य रूपरेखा
पार्श्वभूमी|पृष्ठभूमि|पृष्ठभूमी|रूप लेख|विशेषता|वैशिष्ट्य|सुविधा|ਉਦਾਹਰਨ|ਉਦਾਹਰਨਾਂ|ਖਾਸੀਅਤ
ਨਕਸ਼ ਨੁਹਾਰ|ਪਟਕਥਾ|ਪਟਕਥਾ ਢਾਂਚਾ|ਪਟਕਥਾ ਰੂਪ ਰੇਖਾ|ਪਿਛੋਕੜ|ਮੁਹਾਂਦਰਾ|ઉદાહરણ|ઉદાહરણો|ક્ષમતા|નિયમ
પરિદ્દશ્ય ઢાંચો|પરિદ્દશ્ય રૂપરેખા|બેકગ્રાઉન્ડ|લક્ષણ|વ્યાપાર જરૂર|સ્થિતિ|அம்சம்|உதாரணமாக
எடுத்துக்காட்டுகள்|காட்சி|காட்சி சுருக்கம்|காட்சி வார்ப்புரு|காட்சிகள்|திறன்|நிலைமைகளில்|பின்னணி
வணிக தேவை|ఉదాహరణ|ఉదాహరణలు|కథనం|గుణము|నేపథ్యం|సన్నివేశం|ಉದಾಹರಣೆ|ಉದಾಹರಣೆಗಳು|ಕಥಾಸಾರಾಂಶ|ವಿವರಣೆ
ಹಿನ್ನೆಲೆ|ಹೆಚ್ಚಳ|ഉദാഹരണങ്ങൾ|നിയമം|പശ്ചാത്തലം|രംഗം|സവിശേഷത|സാഹചര്യത്തിന്റെ രൂപരേഖ
ความต้องการทางธุรกิจ|ความสามารถ|ชุดของตัวอย่าง|ชุดของเหตุการณ์|สรุปเหตุการณ์|เหตุการณ์|แนวคิด
โครงสร้างของเหตุการณ์|โครงหลัก|თვისება|კონტექსტი|მაგ|მაგალითად|მაგალითები|მაგალითი|მოთხოვნა
ნიმუში|სცენარი|სცენარის ნიმუში|სცენარის შაბლონი|შაბლონი|წესი|ሁናቴ|ሁናቴ አብነት|ሁናቴ ዝርዝር|ሁናቴዎች|ህግ|መነሻ
መነሻ ሀሳብ|ምሳሌ|ምሳሌዎች|ስራ|ቅድመ ሁኔታ|የሚፈለገው ድርጊት|የተፈለገው ስራ|サンプル|シナリオ|シナリオアウトライン
シナリオテンプレ|シナリオテンプレート|テンプレ|フィーチャ|ルール|例|例子|剧本|剧本大纲|劇本
劇本大綱|功能|场景|场景大纲|場景|場景大綱|機能|背景|规则|규칙|기능|배경|시나리오|시나리오 개요
예|💤|📓|📕|📖|📚|🥒
"""

#: In composed form (Unicode NFC).
GHERKIN_BLOCKS: frozenset[str] = frozenset(
    unicodedata.normalize("NFC", word.strip())
    for word in _WORDS.strip().replace("\n", "|").split("|")
)
